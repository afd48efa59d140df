import { QikError } from "../base/problems.ts";
import type { PydistConfig } from "../config/types.ts";
import { activePrefix, binOf, environmentAt, findActiveVenv } from "./active_venv.ts";
import type { BuiltVenv } from "./built_venv.ts";
import { type Environ, variable } from "./environ.ts";
import { type Locked, lockFiles, readLocks } from "./lock_file.ts";
import { openPackages, type Packages } from "./packages.ts";
import type { VenvPorts } from "./ports.ts";
import { pydistVersion } from "./pydist.ts";
import type { VenvPlan } from "./venv_plan.ts";

/** The environment that the commands of a space run in. */
export interface Venv {
  /** Enters the key: what the environment is meant to be. No path of this machine is part of it. */
  readonly identity: string;
  /** Files of the repository that it is made from, relative to the root: inputs of each command. */
  readonly inputs: readonly string[];
  /** What it sets in the environment of its commands. */
  readonly environ: Environ;
  /**
   * Version of a distribution (`pydistVersion`). The environment and lock files are read when first asked.
   *
   * @throws {QikError} `pydist-missing`; `dep-unreadable` where a lock file that is needed is broken.
   */
  version(dist: string): Promise<string | undefined>;
  /** What is installed; `undefined` where there is no Python. */
  packages(): Packages | undefined;
  /** Files may have changed: what is asked for next is looked at anew. */
  invalidate(): void;
}

/** The active environment of this process, found when first asked for; shared by all spaces that use it. */
export interface ActivePython {
  packages(): Packages | undefined;
  invalidate(): void;
}

/** See {@link ActivePython}. Opening costs nothing. */
export function openActivePython(ports: VenvPorts): ActivePython {
  let found: { readonly packages: Packages | undefined } | undefined;
  let where = "";
  const look = () => {
    const venv = findActiveVenv(ports);
    const now = JSON.stringify(venv ?? null);
    // The directories are the same, so that what is remembered about them can be used again.
    if (now !== where || found === undefined) {
      found = { packages: venv && openPackages(ports, venv) };
    }
    where = now;
    return found;
  };
  let fresh = false;
  return {
    packages() {
      const { packages } = fresh && found !== undefined ? found : look();
      fresh = true;
      return packages;
    },
    invalidate() {
      fresh = false;
      found?.packages?.invalidate();
    },
  };
}

/** The environment at a prefix that is known beforehand, whether it is there already or not. */
function openBuiltPython(ports: VenvPorts, prefix: string, { layout }: BuiltVenv): ActivePython {
  let found: Packages | undefined;
  return {
    packages: () => found ??= openPackages(ports, environmentAt(ports, prefix, layout, undefined)),
    invalidate: () => void (found = undefined),
  };
}

/**
 * Opens an environment that a plugin builds. Its requirement files are inputs of its lock, and that is what
 * commands depend on.
 */
export function openBuiltVenv(
  built: BuiltVenv,
  ports: VenvPorts,
  config: Pick<PydistConfig, "ignoreMissing" | "versions">,
): Venv {
  const prefix = `${ports.root}/${built.directory}`;
  const plan = { files: [built.lock] };
  return {
    ...pythonVenv(plan, ports, openBuiltPython(ports, prefix, built), config),
    identity: built.identity,
    inputs: [],
    environ: environOf(ports, prefix, built.layout),
  };
}

/**
 * Opens the environment of a space.
 *
 * @param plan From `planVenv`, without problems. Cost: one stat, and reading its requirement files.
 */
export function openVenv(
  plan: VenvPlan,
  ports: VenvPorts,
  active: ActivePython,
  config: Pick<PydistConfig, "ignoreMissing" | "versions">,
): Venv {
  return {
    ...pythonVenv(plan, ports, active, config),
    identity: JSON.stringify({ venv: plan.type, files: plan.files }),
    inputs: lockFiles(ports.files, ports.root, plan.files),
    environ: activeEnviron(ports),
  };
}

/** What every environment with Python in it answers. */
function pythonVenv(
  plan: Pick<VenvPlan, "files">,
  ports: VenvPorts,
  python: ActivePython,
  config: Pick<PydistConfig, "ignoreMissing" | "versions">,
): Pick<Venv, "version" | "packages" | "invalidate"> {
  let locked: Promise<Locked> | undefined;
  const lock = () => locked ??= readLock(ports, plan);
  return {
    async version(dist) {
      const installed = python.packages();
      const here = installed?.identity(dist);
      if (here !== undefined) return here;
      const { versions } = await lock();
      const { value, problems } = pydistVersion(dist, { installed, lock: versions, config });
      if (problems.length > 0) throw new QikError(problems);
      return value;
    },
    packages: () => python.packages(),
    invalidate() {
      locked = undefined;
      python.invalidate();
    },
  };
}

async function readLock(
  { files, root }: VenvPorts,
  plan: Pick<VenvPlan, "files">,
): Promise<Locked> {
  const { value, problems } = await readLocks(files, root, plan.files);
  if (problems.length > 0) throw new QikError(problems);
  return value;
}

/**
 * What the active environment sets: the variable that names it, and `PATH` where its programs are not on it. A
 * `python3` that is merely on `PATH` sets nothing.
 */
function activeEnviron(ports: VenvPorts): Environ {
  const named = activePrefix(ports);
  if (named === undefined) return {};
  return environOf(ports, named.prefix, named.kind);
}

/** The variable that names the environment at `prefix`, and `PATH` with its programs. */
function environOf(ports: VenvPorts, prefix: string, kind: BuiltVenv["layout"]): Environ {
  const bin = binOf(ports.platform, prefix, kind);
  const separator = ports.platform === "windows" ? ";" : ":";
  const path = variable(ports.env, "PATH", ports.platform) ?? "";
  const entries = path.split(separator).map((entry) => entry.replaceAll("\\", "/"));
  const marked = { [kind === "conda" ? "CONDA_PREFIX" : "VIRTUAL_ENV"]: prefix };
  if (entries.includes(bin.replaceAll("\\", "/"))) return marked;
  return { ...marked, PATH: path === "" ? bin : bin + separator + path };
}
