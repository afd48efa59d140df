/**
 * Environments made by micromamba, mamba or conda: `conda.lock` asks for exact packages with their checksums,
 * `conda.install` makes an environment of them. What is common to all such plugins is qik's part.
 *
 * @module
 */
import { definePlugin, type PlannedDep, variablesDep } from "../../mod.ts";
import { type At, type CondaSettings, platformsOf } from "./venv.ts";

/** Changes with the meaning of what the steps do. */
const VERSION = "2";

/** Variables that decide what is locked. Where packages come from and who asks for them does not. */
const DECIDING = [
  "CONDA_CHANNEL_PRIORITY",
  "CONDA_OVERRIDE_ARCHSPEC",
  "CONDA_OVERRIDE_CUDA",
  "CONDA_OVERRIDE_GLIBC",
  "CONDA_OVERRIDE_LINUX",
  "CONDA_OVERRIDE_OSX",
  "CONDA_PINNED_PACKAGES",
];

export default definePlugin((host) => ({
  name: "conda",
  venv: host.venvType<CondaSettings>({
    kind: "conda",
    schema: async () => (await import("./settings.ts")).settingsSchema,
    layout: "conda",
    tool: {
      name: "micromamba",
      hint:
        "Install micromamba, mamba or conda and put it on PATH, for instance with: brew install micromamba",
    },
    channels: true,
    defaultReqs: "environment.yml",
    lockName: (space) => `conda-${space}-lock.txt`,
    lock: (at) => ({
      version: VERSION,
      deps: [platformsDep(at), variablesDep("conda", DECIDING)],
      run: async (call) => (await import("./lock.ts")).lock(call, at),
    }),
    install: (at) => ({
      version: VERSION,
      run: async (call) => (await import("./install.ts")).install(call, at),
    }),
  }),
}));

function platformsDep(at: At): PlannedDep {
  return { kind: "conda", facts: [{ label: "platforms", read: () => platformsOf(at).join(" ") }] };
}
