/** The two tasks of an environment that a plugin builds. */
import { parentPath } from "../base/paths.ts";
import { PROBLEMS, QikError } from "../base/problems.ts";
import type { TaskCall, TaskSpec } from "../plan/made.ts";
import type { PlannedDep } from "../plan/types.ts";
import { clear, mark, standing, unmark, wantedId } from "../space/built_venv.ts";
import { errorCode } from "../sys/sys.ts";
import { archivesIn, askedPaths, pathBelow } from "../space/asked_paths.ts";
import { lockFiles, requirementText } from "../space/lock_file.ts";
import { readBytes } from "../space/ports.ts";
import { literalPathspec } from "../space/spaces.ts";
import type { VenvCall } from "./api.ts";
import { lockTask, type PlannedVenv } from "./planned_venv.ts";

/** `<plugin>.lock`: requirements to exact versions. */
export function lockSpec(venv: PlannedVenv): TaskSpec {
  const { type, at, needs } = venv;
  const { version, deps = [], run } = type.lock(at as never);
  const named = [...at.reqs, ...needs.length > 0 ? [] : at.constraints];
  return {
    exec: {
      version,
      run: async (call) =>
        await withSystemTold(venv, "lock", async () => {
          refuseCopies(venv, call);
          // Tools read the lock that is there: one with the marks of a merge conflict is what they stumble over.
          const hadLock = isLockThere(venv, call);
          const code = await run(venvCall(venv, call));
          if (code !== 0) call.write("err", `${afterLock(venv, hadLock)}\n`);
          return code;
        }),
    },
    deps: [
      { kind: "venv", globs: named.map(literalPathspec), needs },
      includedDep(named, at.project.root),
      recipeDep(venv),
      ...deps,
    ],
    artifacts: [literalPathspec(at.lock)],
    cache: venv.cache,
    outsideVenv: true,
  };
}

/**
 * Whether there is a lock already; where there is none, its directory is made.
 *
 * Tools wait for a named pipe. They write through a link, of which the caches keep only where it leads: what stands there
 * would change unseen.
 */
function isLockThere({ at: { lock, space } }: PlannedVenv, { files, root }: TaskCall): boolean {
  const refuse = (what: string, hint: string) => {
    const message = `Cannot lock the space "${space.name}" into "${lock}": ${what}`;
    throw new QikError({ code: "config-bad-value", message, hint, place: space.place });
  };
  const kind = files.lstat(`${root}/${lock}`)?.kind;
  if (kind === "symlink") refuse("it is a link", "Name the file that it leads to, or remove it");
  if (kind !== undefined && kind !== "file") {
    refuse("it is not a file", "Name another, or remove it");
  }
  files.makeDirectory(`${root}/${parentPath(lock)}`);
  return kind !== undefined;
}

/** A full disk, a directory that may not be written and the like are nobody's bug. */
async function withSystemTold<T>(
  { at: { space } }: PlannedVenv,
  what: "lock" | "install",
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof QikError || !/^E[A-Z0-9]+$/.test(errorCode(error) ?? "")) throw error;
    throw new QikError({
      code: "file-unreadable",
      message: `Cannot ${what} the environment of the space "${space.name}": ${
        (error as Error).message
      }`,
      hint: "Make room there, or let this user write there, and run again",
    });
  }
}

/** `<plugin>.install`: what the lock says, installed. A hit counts only while that still stands. */
export function installSpec(venv: PlannedVenv): TaskSpec {
  const { type, at, built, entry } = venv;
  const { version, deps = [], run } = type.install(at as never);
  const root = at.project.root;
  return {
    exec: {
      version,
      run: async (call) =>
        await withSystemTold(
          venv,
          "install",
          async () => await install(venv, call, (fresh) => run({ ...venvCall(venv, call), fresh })),
        ),
    },
    deps: [
      { kind: "venv", needs: [lockTask(entry, at.space)] },
      archivesDep(venv),
      recipeDep(venv),
      ...deps,
    ],
    // It is about this working tree: nobody else can use it.
    cache: "local",
    outsideVenv: true,
    stands: (files) => standing(files, root, built) === "same",
  };
}

async function install(
  venv: PlannedVenv,
  call: TaskCall,
  run: (fresh: boolean) => Promise<number>,
): Promise<number> {
  const { built, at: { space } } = venv;
  const { files, root } = call;
  const before = standing(files, root, built);
  // The result was not in the cache, or was not looked for.
  if (before === "same") return 0;
  const id = wantedId(files, root, built);
  if (id === undefined) {
    throw new QikError({
      code: "file-unreadable",
      message:
        `Cannot install the environment of the space "${space.name}": there is no "${built.lock}"`,
      hint: `Run: qik '${lockTask(venv.entry, space).command}'`,
    });
  }
  const fresh = before !== "other";
  // From here until the end nobody takes it for whole, whatever happens.
  if (fresh) clear(files, root, built);
  else unmark(files, root, built);
  const code = await run(fresh);
  if (code !== 0) {
    call.write("err", `${afterInstall(venv)}\n`);
    return code;
  }
  mark(files, root, built, id);
  return 0;
}

/** Requirement files that the named ones include, archives, and what editable projects say of themselves. */
function includedDep(named: readonly string[], root: string): PlannedDep {
  return {
    kind: "venv",
    // deno-lint-ignore require-await -- other kinds' late parts do wait
    late: async (world) => {
      const files = { read: (path: string) => world.file(path.slice(1)) };
      const all = lockFiles(files, "", named);
      const asked = all.map((path) => pathsIn(path, world.file(path)));
      const projects = asked.flatMap(({ editable }) => editable)
        .flatMap((directory) =>
          DESCRIBING.map((name) => pathBelow(root, "", `${directory}/${name}`))
        )
        .filter((path) => path !== undefined && world.file(path) !== undefined);
      const archives = asked.flatMap(({ archives }) => archives)
        .map((path) => pathBelow(root, "", path));
      const found = [...all.filter((path) => !named.includes(path)), ...projects, ...archives]
        .filter((path) => path !== undefined);
      return { globs: [...new Set(found)].map(literalPathspec), facts: [] };
    },
  };
}

const DESCRIBING = ["pyproject.toml", "setup.cfg", "setup.py"];

function pathsIn(path: string, bytes: Uint8Array | undefined) {
  const isText = bytes !== undefined && /\.(?:txt|in)$/.test(path);
  return askedPaths(isText ? requirementText(bytes) : "");
}

/**
 * Archives of the repository that the lock names: where it says no digest of them, it stays the same when they change. What
 * installs and whoever uses the environment depends on them.
 */
export function archivesDep({ built: { lock }, at }: PlannedVenv): PlannedDep {
  let known = "";
  let globs: readonly string[] = [];
  return {
    kind: "venv",
    // deno-lint-ignore require-await -- other kinds' late parts do wait
    late: async (world) => {
      const text = new TextDecoder().decode(world.file(lock));
      // Asked for every command of the space.
      if (text !== known) globs = archivesIn(lock, text, at.project.root).map(literalPathspec);
      known = text;
      return { globs, facts: [] };
    },
  };
}

/** What is copied into an environment changes without its lock: commands would then run with old code. */
function refuseCopies({ at: { reqs, space } }: PlannedVenv, { files, root }: TaskCall): void {
  for (const path of lockFiles(files, root, reqs)) {
    const [copied] = pathsIn(path, readBytes(files, `${root}/${path}`)).copied;
    if (copied === undefined) continue;
    throw new QikError({
      code: "config-bad-value",
      message: `Cannot copy "${copied}" into the environment of the space "${space.name}"`,
      hint: `Write -e ${copied}, so that commands see its code as it is`,
      place: { file: path },
    });
  }
}

function recipeDep({ built: { recipe } }: PlannedVenv): PlannedDep {
  return { kind: "venv", facts: [{ label: "venv settings", read: () => recipe }] };
}

function venvCall({ type, at: { space } }: PlannedVenv, call: TaskCall): VenvCall {
  return {
    ...call,
    async tool(argv, options) {
      const { code, startFailure } = await call.tool(argv, options);
      if (startFailure === undefined) return code;
      const hint = argv[0] === type.tool.name ? type.tool.hint : PROBLEMS["tool-missing"].hint;
      const message = `Cannot run "${
        argv[0]
      }" for the environment of the space "${space.name}": ${startFailure}`;
      throw new QikError({ code: "tool-missing", message, hint });
    },
  };
}

function afterLock(
  { type, at: { space, reqs, constraints, lock } }: PlannedVenv,
  hadLock: boolean,
): string {
  const files = [...reqs, ...constraints].map((path) => `"${path}"`).join(", ");
  return `qik: ${type.tool.name} cannot lock the space "${space.name}": mend ${files} as it says above, and run again` +
    (hadLock ? `; if it means "${lock}", remove that first` : "");
}

function afterInstall({ type, entry, at: { space, lock } }: PlannedVenv): string {
  const { command } = lockTask(entry, space);
  return `qik: ${type.tool.name} cannot install the space "${space.name}": mend what it says above and run again; ` +
    `for another lock remove "${lock}" and run: qik -f ${command}`;
}
