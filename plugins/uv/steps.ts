/** What uv is asked to do. */
import {
  indexesOf,
  type InstallCall,
  lockRelative,
  readRegular,
  type VenvCall,
} from "../../mod.ts";
import type { At } from "./venv.ts";

/** Requirements to a lock. Versions that the lock has already are kept where they still fit. */
export async function lock(call: VenvCall, at: At): Promise<number> {
  const { settings: { universal = true, hashes = true, python }, reqs, constraints } = at;
  const words = [
    "uv",
    "pip",
    "compile",
    "--quiet",
    ...universal ? ["--universal"] : [],
    ...hashes ? ["--generate-hashes"] : [],
    ...pythonOf(python),
    ...constraints.flatMap((file) => ["--constraint", file]),
    "--custom-compile-command",
    `qik ${at.project.plugin.name}.lock@${at.space.name}`,
    "--output-file",
    at.lock,
    "--",
    ...reqs,
  ];
  const compile = () => call.tool(words, { env: environment(at) });
  // What others ask for has its whole path, such as the `{root:uri}` of a project.
  return await lockRelative(call, at.lock, compile);
}

/** A plain version is what the lock is made for; everything else names an interpreter. */
function pythonOf(python: string | undefined): readonly string[] {
  if (python === undefined) return [];
  return [/^\d+(\.\d+){1,2}$/.test(python) ? "--python-version" : "--python", python];
}

/** A lock to an environment, which uv makes anew or changes where they differ. */
export async function install(call: InstallCall, at: At): Promise<number> {
  const { directory, settings: { python } } = at;
  const env = environment(at);
  if (call.fresh) {
    const which = python === undefined ? [] : ["--python", python];
    const made = ["uv", "venv", "--quiet", "--no-project", ...which, "--", directory];
    const code = await call.tool(made, { env });
    if (code !== 0) return code;
  }
  const text = new TextDecoder().decode(readRegular(call.files, `${call.root}/${at.lock}`));
  return await call.tool([
    "uv",
    "pip",
    "sync",
    "--quiet",
    "--allow-empty-requirements",
    ...hasAllHashes(text) ? ["--require-hashes"] : [],
    "--python",
    directory,
    "--",
    at.lock,
  ], { env });
}

/**
 * Whether every requirement of a lock has a hash: then nothing without one may be installed. Directories and
 * repositories have none, and uv checks those of the others without being told.
 */
function hasAllHashes(lock: string): boolean {
  const requirements = lock.replace(/\\\r?\n/g, " ").split(/\r?\n/)
    .filter((line) => /^[^\s#]/.test(line));
  return requirements.length > 0 &&
    requirements.every((line) => line.startsWith("--") || line.includes(" --hash="));
}

/** Indexes by environment: what is in arguments, every process of the machine can read. */
function environment({ settings }: At): Record<string, string> {
  const { index, further } = indexesOf(settings);
  return {
    // These would take uv to another environment than the one it is told.
    UV_SYSTEM_PYTHON: "0",
    ...(index === undefined ? {} : { UV_DEFAULT_INDEX: index }),
    ...(further.length === 0 ? {} : { UV_INDEX: further.join(" ") }),
  };
}
