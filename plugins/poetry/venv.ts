import type { VenvAt } from "../../mod.ts";

type Names = string | readonly string[] | undefined;

/** Keys of a `venv` that only Poetry has. */
export interface PoetrySettings {
  /** Groups that are installed, too; `without`: that are not; `only`: nothing else is. */
  readonly with?: Names;
  readonly without?: Names;
  readonly only?: Names;
  readonly extras?: Names;
  /** Whether the project itself is installed, as `poetry install` does; default false. */
  readonly "install-project"?: boolean | undefined;
}

export type At = VenvAt<PoetrySettings>;

/** With a slash at its end; empty for the root. */
export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}
