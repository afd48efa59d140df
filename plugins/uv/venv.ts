import type { VenvAt } from "../../mod.ts";

/** Keys of a `venv` that only uv has. */
export interface UvSettings {
  /** One lock for all platforms; default true. */
  readonly universal?: boolean | undefined;
  /** Hashes in the lock, which installations then check; default true. */
  readonly hashes?: boolean | undefined;
}

export type At = VenvAt<UvSettings>;
