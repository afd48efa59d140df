/** What a `pyproject.toml` says about other projects. */
import { parse } from "smol-toml";
import { rootedPath } from "../../mod.ts";

/**
 * Paths of the archives that a project depends on, and of the `pyproject.toml` of every directory, relative to the root. What
 * lies outside of the root is left out, and a file that cannot be read has none: Poetry says why.
 *
 * @param directory Of the project, with a slash at its end; empty for the root.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { localFiles } from "./project.ts";
 * const text = '[tool.poetry.dependencies]\nlib = {path = "../lib", develop = true}\n';
 * assert.deepEqual(localFiles("app/", new TextEncoder().encode(text)), ["lib/pyproject.toml"]);
 * ```
 */
export function localFiles(directory: string, bytes: Uint8Array | undefined): string[] {
  const paths = new Set<string>();
  for (const path of pathsIn(tableOf(bytes))) {
    const inside = path.includes("\\") ? undefined : rootedPath(directory, path);
    if (inside === undefined) continue;
    const isArchive = /\.(whl|zip|gz|bz2)$/.test(inside);
    paths.add(isArchive ? inside : `${inside === "" ? "" : `${inside}/`}pyproject.toml`);
  }
  return [...paths].sort();
}

/**
 * Names of the packages that a `poetry.lock` takes from archives which now hold something else: Poetry keeps the old digest,
 * and then refuses to install them.
 *
 * @param digestOf SHA-256 of a file by its path as the lock has it; `undefined` where it is not there.
 */
export function changedArchives(
  lock: Uint8Array | undefined,
  digestOf: (path: string) => string | undefined,
): string[] {
  const { package: packages } = (tableOf(lock) ?? {}) as { readonly package?: unknown };
  return (Array.isArray(packages) ? packages as readonly Locked[] : []).filter(
    ({ source, files }) => {
      if (source?.type !== "file" || typeof source.url !== "string") return false;
      const digest = digestOf(source.url);
      return digest !== undefined && Array.isArray(files) && files.length > 0 &&
        !files.some(({ hash }) => hash === `sha256:${digest}`);
    },
  ).map(({ name }) => name);
}

/** What is looked at of a package in a lock. */
interface Locked {
  readonly name: string;
  readonly source?: { readonly type?: unknown; readonly url?: unknown };
  readonly files?: readonly { readonly hash?: unknown }[];
}

function tableOf(bytes: Uint8Array | undefined): unknown {
  try {
    return parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** Every `path` below, at whatever depth, and every `name @ file:path` in a list of requirements. */
function pathsIn(value: unknown): string[] {
  if (typeof value === "string") {
    const path = /^[\w.\-[\], ]+@\s*(?:file:)?(?!\/)(\.[^\s;]*)/.exec(value)?.[1];
    return path === undefined ? [] : [path];
  }
  if (Array.isArray(value)) return value.flatMap(pathsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "path" && typeof inner === "string" ? [inner] : pathsIn(inner)
  );
}
