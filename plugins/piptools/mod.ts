/**
 * Environments made by pip-tools: `piptools.lock` compiles requirements to exact versions with hashes, `piptools.install`
 * makes a virtual environment of them. What is common to all such plugins is qik's part.
 *
 * @module
 */
import { configurationDep, definePlugin, variablesDep } from "../../mod.ts";
import type { PipToolsSettings } from "./venv.ts";

/** Changes with the meaning of what the steps do. */
const VERSION = "2";

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
      deps: [
        variablesDep("piptools", DECIDING),
        configurationDep("piptools", ".pip-tools.toml", "[tool.pip-tools"),
      ],
      run: async (call) => (await import("./steps.ts")).lock(call, at),
    }),
    install: (at) => ({
      version: VERSION,
      run: async (call) => (await import("./steps.ts")).install(call, at),
    }),
  }),
}));
