import type { PluginFactory } from "../mod.ts";

/**
 * Built-in plugins by the name that `[plugins]` uses. Literal imports only: a compiled executable contains
 * just the modules that its compiler could see. Each is loaded only when a configuration names it.
 */
export const BUILT_IN: Readonly<Record<string, () => Promise<{ default: PluginFactory }>>> = {
  "qik.gcs": () => import("./gcs/mod.ts"),
  "qik.s3": () => import("./s3/mod.ts"),
  "qik.http": () => import("./http/mod.ts"),
  "qik.pygraph": () => import("./pygraph/mod.ts"),
  "qik.conda": () => import("./conda/mod.ts"),
  "qik.poetry": () => import("./poetry/mod.ts"),
  "qik.piptools": () => import("./piptools/mod.ts"),
  "qik.uv": () => import("./uv/mod.ts"),
};
