import type { Secrets } from "../base/secrets.ts";
import type { BuiltIn } from "../plugin/loader.ts";
import type { StopSignal, Sys } from "../sys/sys.ts";

/** What the command line is put together from. */
export interface AppParts {
  readonly sys: Sys;
  readonly builtIn: BuiltIn;
  /** What is masked in everything that leaves qik. */
  readonly secrets: Secrets;
}

/** How qik ends: by a code, or as killed by the signal that it received. */
export interface Exit {
  readonly code: number;
  readonly signal?: StopSignal;
}
