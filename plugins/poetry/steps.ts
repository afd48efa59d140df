/** What Poetry and Python are asked to do. */
import {
  type InstallCall,
  madePython,
  pythonProgram,
  readRegular,
  sha256,
  type VenvCall,
} from "../../mod.ts";
import { changedArchives } from "./project.ts";
import { type At, directoryOf } from "./venv.ts";

const QUIETLY = ["--no-interaction", "--no-ansi"];

/** One lock at a time in one directory: the spaces that share a project share its lock. */
const locking = new Map<string, Promise<unknown>>();

/** A project to its lock, for all platforms. Versions that the lock has already are kept where they still fit. */
export async function lock(call: VenvCall, at: At): Promise<number> {
  const before = locking.get(at.lock);
  const now = (async () => {
    await before?.catch(() => {});
    const directory = directoryOf(at.reqs[0]!);
    // No environment is needed to lock, so none is made somewhere else.
    const env = { ...OWN_ENVIRONMENTS, POETRY_VIRTUALENVS_CREATE: "false" };
    const options = { dir: directory.slice(0, -1), env };
    const code = await call.tool(["poetry", "lock", ...QUIETLY], options);
    const changed = changedArchives(
      readFile(call, at.lock),
      (path) => digestOf(readFile(call, path.startsWith("/") ? path : `${directory}${path}`)),
    );
    if (code !== 0 || changed.length === 0) return code;
    return await call.tool(["poetry", "update", "--lock", ...QUIETLY, ...changed], options);
  })();
  locking.set(at.lock, now);
  return await now;
}

/** What a regular file holds; its path is absolute or relative to the root. */
function readFile({ files, root }: VenvCall, path: string): Uint8Array | undefined {
  return readRegular(files, path.startsWith("/") ? path : `${root}/${path}`);
}

function digestOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && sha256(bytes);
}

/** A lock to an environment, which is made anew or changed where they differ. */
export async function install(call: InstallCall, at: At): Promise<number> {
  const { directory, settings } = at;
  const env = { ...OWN_ENVIRONMENTS, VIRTUAL_ENV: `${call.root}/${directory}` };
  if (call.fresh) {
    const made = [pythonProgram(settings.python), "-m", "venv", "--without-pip", directory];
    const code = await call.tool(made);
    if (code !== 0) return code;
  }
  madePython(call, directory, pythonProgram(settings.python));
  const dir = directoryOf(at.reqs[0]!).slice(0, -1);
  return await call.tool(["poetry", "sync", ...QUIETLY, ...syncWords(settings)], { dir, env });
}

/** Arguments of `poetry sync` for what the settings say. */
export function syncWords(settings: At["settings"]): string[] {
  const listed = (option: string, names: string | readonly string[] = []) =>
    [names].flat().map((name) => `--${option}=${name}`);
  return [
    ...settings["install-project"] ? [] : ["--no-root"],
    ...listed("with", settings.with),
    ...listed("without", settings.without),
    ...listed("only", settings.only),
    ...listed("extras", settings.extras),
  ];
}

/** Poetry works in the environment that it is told to, whatever `poetry env use` or conda say. */
const OWN_ENVIRONMENTS = {
  CONDA_DEFAULT_ENV: "",
  POETRY_VIRTUALENVS_IN_PROJECT: "false",
  POETRY_VIRTUALENVS_PATH: "._qik/venv/.poetry",
} as const;
