/**
 * Environments made by pip-tools: `piptools.lock` compiles requirements to exact versions with hashes, `piptools.install`
 * makes a virtual environment of them. What is common to all such plugins is qik's part.
 *
 * @module
 */
import { definePlugin, type PlannedDep } from "../../mod.ts";
import type { PipToolsSettings } from "./venv.ts";

/** Changes with the meaning of what the steps do. */
const VERSION = "1";

/** Variables that decide what is locked. Where packages come from and who asks for them does not. */
const DECIDING = [
  "PIP_CONSTRAINT",
  "PIP_NO_BINARY",
  "PIP_ONLY_BINARY",
  "PIP_PRE",
  "PIP_PREFER_BINARY",
  "PIP_UPLOADED_PRIOR_TO",
];

export default definePlugin((host) => ({
  name: "piptools",
  venv: host.venvType<PipToolsSettings>({
    kind: "piptools",
    schema: async () => (await import("./settings.ts")).settingsSchema,
    layout: "virtualenv",
    tool: {
      name: "pip-compile",
      hint:
        "Install pip-tools and put it on PATH, for instance with: pip install pip-tools, or: pipx install pip-tools",
    },
    lockName: (space) => `requirements-${space}-lock.txt`,
    lock: (at) => ({
      version: VERSION,
      deps: [variablesDep, configurationDep],
      run: async (call) => (await import("./steps.ts")).lock(call, at),
    }),
    install: (at) => ({
      version: VERSION,
      run: async (call) => (await import("./steps.ts")).install(call, at),
    }),
  }),
}));

const variablesDep: PlannedDep = {
  kind: "piptools",
  facts: DECIDING.map((name) => ({ label: `env ${name}`, read: (world) => world.env(name) })),
};

/** The files that pip-tools reads its own settings from, where they hold any. */
const configurationDep: PlannedDep = {
  kind: "piptools",
  // deno-lint-ignore require-await -- other kinds' late parts do wait
  late: async (world) => {
    const pyproject = new TextDecoder().decode(world.file("pyproject.toml"));
    const globs = [
      ...world.file(".pip-tools.toml") === undefined ? [] : [".pip-tools.toml"],
      ...pyproject.includes("[tool.pip-tools") ? ["pyproject.toml"] : [],
    ];
    return { globs, facts: [] };
  },
};
