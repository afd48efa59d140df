import type { Sys } from "../sys/sys.ts";

/** Absolute directories that qik keeps below the root; all of `._qik` may be deleted at any time. */
export interface WorkPaths {
  readonly root: string;
  readonly stateDir: string;
  /** The local store; `QIK__CACHE_DIR` shares one between checkouts. */
  readonly cacheDir: string;
}

export function workPaths(root: string, { env, machine }: Pick<Sys, "env" | "machine">): WorkPaths {
  const shared = env.QIK__CACHE_DIR;
  return {
    root,
    stateDir: `${root}/._qik/state`,
    cacheDir: shared === undefined || shared === ""
      ? `${root}/._qik/cache`
      : absolutePath(shared, machine.cwd),
  };
}

/** A path that somebody wrote, from the directory that it is meant in. */
export function absolutePath(path: string, cwd: string): string {
  return /^([a-zA-Z]:)?[\\/]/.test(path) ? path : `${cwd}/${path}`;
}
