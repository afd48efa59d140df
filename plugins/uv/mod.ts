/**
 * Environments made by uv: `uv.lock` compiles requirements to exact versions with hashes, `uv.install` makes a virtual
 * environment of them. What is common to all such plugins is qik's part.
 *
 * @module
 */
import {
  configurationDep,
  definePlugin,
  type DepWorld,
  type PlannedDep,
  variablesDep,
} from "../../mod.ts";
import type { At, UvSettings } from "./venv.ts";

/** Changes with the meaning of what the steps do. */
const VERSION = "2";

/** Variables that decide what is locked. Where packages come from and who asks for them does not. */
const DECIDING = [
  "UV_CONSTRAINT",
  "UV_EXCLUDE",
  "UV_EXCLUDE_NEWER",
  "UV_FORK_STRATEGY",
  "UV_INDEX_STRATEGY",
  "UV_NO_BINARY",
  "UV_NO_BUILD",
  "UV_OVERRIDE",
  "UV_PRERELEASE",
  "UV_RESOLUTION",
  "UV_TORCH_BACKEND",
];

export default definePlugin((host) => ({
  name: "uv",
  venv: host.venvType<UvSettings>({
    kind: "uv",
    schema: async () => (await import("./settings.ts")).settingsSchema,
    layout: "virtualenv",
    tool: {
      name: "uv",
      hint: "Install uv and put it on PATH, for instance with: pip install uv, or: brew install uv",
    },
    lockName: (space) => `requirements-${space}-lock.txt`,
    lock: (at) => ({
      version: VERSION,
      deps: [
        variablesDep("uv", DECIDING),
        configurationDep("uv", "uv.toml", "[tool.uv"),
        pythonDep(at),
      ],
      run: async (call) => (await import("./steps.ts")).lock(call, at),
    }),
    install: (at) => ({
      version: VERSION,
      deps: [pythonDep(at)],
      run: async (call) => (await import("./steps.ts")).install(call, at),
    }),
  }),
}));

function pythonDep(at: At): PlannedDep {
  return {
    kind: "uv",
    // deno-lint-ignore require-await -- other kinds' late parts do wait
    late: async (world) => ({ globs: pinned(world, at), facts: [] }),
  };
}

/** The file that says which Python, where the configuration does not. */
function pinned(world: DepWorld, { settings }: At): readonly string[] {
  const file = ".python-version";
  return settings.python !== undefined || world.file(file) === undefined ? [] : [file];
}
