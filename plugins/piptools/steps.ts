/** What pip-tools and Python are asked to do. */
import {
  indexesOf,
  type InstallCall,
  lockRelative,
  madePython,
  pythonProgram,
  QikError,
  readRegular,
  type VenvCall,
} from "../../mod.ts";
import type { At } from "./venv.ts";

/** Requirements to a lock. Versions that the lock has already are kept where they still fit. */
export async function lock(
  call: VenvCall,
  at: At,
): Promise<number> {
  const start = await programOf(call, at, "compile");
  const env = {
    ...indexes(at),
    // What the head of the lock names as the way to make it.
    CUSTOM_COMPILE_COMMAND: `qik ${at.project.plugin.name}.lock@${at.space.name}`,
  };
  const limits = at.constraints.map((path, nth) => wholeConstraint(call, at, path, nth));
  const words = compileWords({ ...at, constraints: limits.map(({ shown }) => shown) });
  const compile = async () => {
    const code = await call.tool([...start, ...words], { env });
    // The lock says what it keeps to.
    if (code === 0) limits.forEach(({ path, shown }) => renameIn(call, at.lock, shown, path));
    return code;
  };
  // It would take the digest of a wheel from there, although the wheel has changed.
  return await lockRelative(call, at.lock, compile, { hide: true });
}

/**
 * A constraint as pip-compile may read it: an archive by `file:./` is to pip another one than the same by its whole path, which
 * it makes of what requirements say. Locks of other spaces have the former.
 */
function wholeConstraint(
  { files, root }: VenvCall,
  { directory }: At,
  path: string,
  nth: number,
): { readonly path: string; readonly shown: string } {
  const text = new TextDecoder().decode(readRegular(files, `${root}/${path}`));
  const base = root.split("/").map(encodeURIComponent).join("/");
  const whole = text.replace(/^([\w.[\],-]+ @ file:)\.\//gm, `$1//${base}/`);
  // What a file includes is relative to it.
  if (whole === text || /^-[rc]/m.test(text)) return { path, shown: path };
  const scratch = "._qik/tmp/piptools";
  files.makeDirectory(`${root}/${scratch}`);
  const shown = `${scratch}/${directory.slice(directory.lastIndexOf("/") + 1)}.${nth}.txt`;
  files.writeAtomic(`${root}/${shown}`, new TextEncoder().encode(whole));
  return { path, shown };
}

function renameIn({ files, root }: VenvCall, file: string, from: string, to: string): void {
  if (from === to) return;
  const text = new TextDecoder().decode(files.read(`${root}/${file}`));
  files.writeAtomic(
    `${root}/${file}`,
    new TextEncoder().encode(text.replaceAll(`-c ${from}`, `-c ${to}`)),
  );
}

/**
 * Arguments of `pip-compile`. Indexes are left out of the lock: they may hold credentials, and whoever installs has them
 * from the same configuration.
 */
export function compileWords({ settings, constraints, lock, reqs }: At): string[] {
  const { hashes = true, extras = [] } = settings;
  return [
    "--quiet",
    "--allow-unsafe",
    "--strip-extras",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
    ...hashes ? ["--generate-hashes"] : [],
    ...[extras].flat().map((extra) => `--extra=${extra}`),
    ...constraints.map((file) => `--constraint=${file}`),
    `--output-file=${lock}`,
    "--",
    ...reqs,
  ];
}

/** A lock to an environment, which is made anew or changed where they differ. */
export async function install(
  call: InstallCall,
  at: At,
): Promise<number> {
  const start = await programOf(call, at, "sync");
  const { directory, settings: { python } } = at;
  if (call.fresh) {
    const made = [pythonProgram(python), "-m", "venv", directory];
    const code = await call.tool(made);
    if (code !== 0) return code;
  }
  const own = madePython(call, directory, pythonProgram(python));
  const into = ["--quiet", "--python-executable", own, "--", at.lock];
  return await call.tool([...start, ...into], { env: indexes(at) });
}

/**
 * The beginning of a call of pip-tools. Versions are chosen for the Python that it runs in, so where one is configured it is
 * that one's pip-tools, else the one on PATH.
 */
async function programOf(
  call: VenvCall,
  { settings, space }: At,
  word: "compile" | "sync",
): Promise<readonly string[]> {
  if (settings.python === undefined) return [`pip-${word}`];
  const python = pythonProgram(settings.python);
  const look = "import importlib.util as u; raise SystemExit(u.find_spec('piptools') is None)";
  if (await call.tool([python, "-c", look]) === 0) return [python, "-m", "piptools", word];
  throw new QikError({
    code: "tool-missing",
    message:
      `Cannot run pip-tools for the environment of the space "${space.name}": "${python}" does not have it`,
    hint: `Install it for that Python: ${python} -m pip install pip-tools`,
  });
}

/** Indexes by environment: what is in arguments, every process of the machine can read. */
function indexes({ settings }: At): Record<string, string> {
  const { index, further } = indexesOf(settings);
  return {
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    ...(index === undefined ? {} : { PIP_INDEX_URL: index }),
    ...(further.length === 0 ? {} : { PIP_EXTRA_INDEX_URL: further.join(" ") }),
  };
}
