import type { PluginFactory } from "../plugin/api.ts";
import type { StopSignal, Sys } from "../sys/sys.ts";

/** What the command line is put together from. */
export interface AppParts {
  readonly sys: Sys;
  /** Built-in plugins by the name that `[plugins]` uses. */
  readonly builtIn: Readonly<Record<string, () => Promise<{ default: PluginFactory }>>>;
}

/** How qik ends: by a code, or as killed by the signal that it received. */
export interface Exit {
  readonly code: number;
  readonly signal?: StopSignal;
}
