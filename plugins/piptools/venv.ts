import type { VenvAt } from "../../mod.ts";

/** Keys of a `venv` that only pip-tools has. */
export interface PipToolsSettings {
  /** Hashes in the lock, which installations then check; default true. */
  readonly hashes?: boolean | undefined;
  /** Extras of the projects among the requirements, such as those of a `pyproject.toml`. */
  readonly extras?: string | readonly string[] | undefined;
}

export type At = VenvAt<PipToolsSettings>;
