import { dirname } from "node:path";
import { type Problem, QikError } from "../base/problems.ts";
import { openWatched } from "../git/open.ts";
import type { Picture } from "../hash/picture.ts";
import type { Task } from "../plan/types.ts";
import type { Look, Seen } from "../run/watch.ts";
import { errorCode, type Files, type Sys } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import type { Hint } from "../sys/watcher.ts";
import type { Invocation } from "./args.ts";
import type { AppParts } from "./parts.ts";
import { openProject, type Project } from "./project.ts";
import { openSession, type Session } from "./session.ts";

/** Chooses tasks. */
export interface SelectIn {
  /** Those to watch; asked again when the configuration was changed. */
  watched(session: Session): Promise<readonly number[]>;
  /** Those of them that run before anything changes. */
  first(session: Session): Promise<readonly number[]>;
}

/** Files that say what git ignores: where one changes, other directories are to be watched. */
const RULES: ReadonlySet<string> = new Set([".gitignore", "exclude"]);

/** What is watched: the configuration, the chosen tasks, and where their inputs are. */
export class Watched {
  readonly #parts: AppParts;
  readonly #invocation: Invocation;
  readonly #selectIn: SelectIn;
  #session: Session;
  #selected: readonly number[];
  #sourceMarks = "";
  /** What is wrong with the configuration as it is now; the old one is used meanwhile. */
  #broken: string | undefined;
  #search: ReturnType<typeof openWatched>;
  /** Directories that came to be since the last look; `undefined`: any may have. */
  #heard: Set<string> | undefined;
  /** Those of which the last look asked. */
  #listed: ReadonlySet<string> | undefined;
  readonly #pictures = new Map<string, string>();
  /** Of inputs and environments, wherever they are. */
  readonly #inputDirectories = new Set<string>();
  #fallen = new Set<string>();
  /** Whether the last look differed from the one before it. */
  foundSomething = true;

  static async open(
    parts: AppParts,
    project: Project,
    invocation: Invocation,
    selectIn: SelectIn,
  ): Promise<Watched> {
    const session = await openSession(parts.sys, project);
    const watched = await selectIn.watched(session);
    const first = (await selectIn.first(session)).map((at) => project.plan.tasks[at]!.name);
    return new Watched(parts, invocation, selectIn, session, watched, new Set(first));
  }

  private constructor(
    parts: AppParts,
    invocation: Invocation,
    selectIn: SelectIn,
    session: Session,
    selected: readonly number[],
    /** Names of the tasks that run before anything changes. */
    readonly first: ReadonlySet<string>,
  ) {
    this.#parts = parts;
    this.#invocation = invocation;
    this.#selectIn = selectIn;
    this.#session = session;
    this.#selected = selected;
    this.#search = searchIn(parts.sys, session);
    this.#sourceMarks = this.#marks();
    this.#watchSources();
  }

  /** The project file, for people. */
  get configFile(): string {
    return this.#session.project.plan.config.file;
  }

  /** Remembers what a hint says about directories. */
  heard({ directory, name }: Hint): void {
    if (name === undefined || RULES.has(name)) this.#heard = undefined;
    else if (directory !== undefined) this.#heard?.add(directory);
  }

  /** A session for one run: what tasks handed on in earlier ones is forgotten. */
  async sessionForRun(): Promise<Session> {
    this.#session = await openSession(
      this.#parts.sys,
      this.#session.project,
      undefined,
      this.#session,
    );
    const { caches, project: { plan } } = this.#session;
    await caches.remotes.open(this.#selected.map((at) => plan.tasks[at]!));
    return this.#session;
  }

  /**
   * Reads the configuration again where one of its files changed. A broken one leaves everything as it was.
   *
   * @returns What is wrong, where that was not told before; nothing where what was wrong is mended.
   */
  async reload(): Promise<readonly Problem[] | undefined> {
    const marks = this.#marks();
    // While it is broken the file to mend may be one that the old configuration did not have.
    if (marks === this.#sourceMarks && this.#broken === undefined) return undefined;
    this.#sourceMarks = marks;
    try {
      const project = await openProject(this.#parts, this.#invocation);
      const session = await openSession(this.#parts.sys, project);
      this.#selected = await this.#selectIn.watched(session);
      this.#session = session;
    } catch (error) {
      if (!(error instanceof QikError)) throw error;
      const before = this.#broken;
      this.#broken = JSON.stringify(error.problems);
      return before === this.#broken ? undefined : error.problems;
    }
    const wasBroken = this.#broken !== undefined;
    this.#broken = undefined;
    this.#sourceMarks = this.#marks();
    this.#watchSources();
    this.#search = searchIn(this.#parts.sys, this.#session);
    this.#heard = undefined;
    return wasBroken ? [] : undefined;
  }

  /** A text that differs where a file of the configuration, or the code of a plugin, may have changed. */
  #marks(): string {
    const { project: { sources, plan, paths } } = this.#session;
    const plugins = plan.config.plugins.map(({ source }) => source).filter((source) =>
      source.startsWith(".")
    );
    return [...sources, ...plugins].map((path) => markOf(this.#parts.sys, `${paths.root}/${path}`))
      .join("\n");
  }

  /** A file of the configuration may be a link that leads out of the repository. */
  #watchSources(): void {
    const { sources, paths: { root } } = this.#session.project;
    for (const path of sources) {
      try {
        this.#inputDirectories.add(dirname(this.#parts.sys.files.realPath(`${root}/${path}`)));
      } catch (error) {
        // Not there: whoever makes it is heard in the repository.
        if (errorCode(error) === undefined) throw error;
      }
    }
  }

  /** Directories that are to be watched from now on as well. */
  async newDirectories(): Promise<readonly string[]> {
    const { root } = this.#session.project.paths;
    const heard = this.#listed = this.#heard;
    this.#heard = new Set();
    const { directories, gitDirectory } = this.#search;
    if (heard === undefined) {
      const all = await directories.below(root);
      return gitDirectory === undefined ? all : [...all, gitDirectory];
    }
    const found: string[] = [];
    for (const directory of heard) found.push(...await directories.below(directory));
    return found;
  }

  /** The directories of the last look were not all watched when they were listed. */
  listAgain(): void {
    if (this.#listed === undefined) this.#heard = undefined;
    else for (const directory of this.#listed) this.#heard?.add(directory);
  }

  /** The pictures of all watched tasks, as things are now. */
  async look(): Promise<Look> {
    const { tree, spaces, project: { plan } } = this.#session;
    tree.invalidate();
    spaces.invalidate();
    const chosen = new Set(this.#selected);
    const tasks = new Map<string, Seen | undefined>();
    const dependants = new Map<string, string[]>();
    const needs = new Map<string, string[]>();
    const fallen = new Set<string>();
    this.foundSomething = false;
    for (const index of this.#selected) {
      const task = plan.tasks[index]!;
      tasks.set(task.name, task.command.hasDeps ? await this.#picture(task) : undefined);
      if (!this.#stands(task)) fallen.add(task.name);
      for (const need of task.needs.filter((need) => chosen.has(need.task))) {
        const other = plan.tasks[need.task]!.name;
        addTo(needs, task.name, other);
        if (!need.orderOnly || need.strict) addTo(dependants, other, task.name);
      }
    }
    this.foundSomething ||= [...fallen].some((task) => !this.#fallen.has(task));
    this.#fallen = fallen;
    return { tasks, dependants, needs, fallen };
  }

  /** Whether what the task made is still there. Where that was asked, its end is heard of. */
  #stands({ stands }: Task): boolean {
    if (stands === undefined) return true;
    return stands(
      hearing(this.#parts.sys.files, (directory) => this.#inputDirectories.add(directory)),
    );
  }

  async #picture(task: Task): Promise<Seen> {
    const seen = await this.#tryPicture(task);
    const digest = seen.digest();
    if (this.#pictures.get(task.name) === digest) return seen;
    this.#pictures.set(task.name, digest);
    this.foundSomething = true;
    this.#watchInputs(task, "files" in seen ? seen : undefined);
    return seen;
  }

  /** What cannot be read is a picture too: the run will tell, and when it is mended the task runs again. */
  async #tryPicture(task: Task): Promise<Picture | Seen> {
    try {
      return await this.#session.keyer.picture(task);
    } catch (error) {
      if (!(error instanceof QikError)) throw error;
      const { message } = error;
      return { digest: () => message, lines: () => [], unreadable: true };
    }
  }

  /** Inputs may lie where git ignores everything, and packages outside of the repository. */
  #watchInputs({ space }: Task, picture: Picture | undefined): void {
    const { root } = this.#session.project.paths;
    const add = (directory: string) => void this.#inputDirectories.add(directory);
    for (const { path } of picture?.files ?? []) add(dirname(`${root}/${path}`));
    try {
      const { venv, inputs } = this.#session.spaces.open(space.name);
      for (const path of inputs) add(dirname(`${root}/${path.replace(/^:\(literal\)/, "")}`));
      for (const directory of venv.packages()?.directories() ?? []) {
        // Of an environment that is replaced the directories come to be one in another; `lib64` is a link.
        const real = unlessClosed(() => this.#parts.sys.files.realPath(directory)) ?? directory;
        [directory, ...withParents(real, PACKAGES_DEEP)].forEach(add);
      }
    } catch (error) {
      // The run tells what is wrong with the space.
      if (!(error instanceof QikError)) throw error;
    }
  }

  /** Directories of inputs and environments; some of them may be gone. */
  inputDirectories(): ReadonlySet<string> {
    return this.#inputDirectories;
  }
}

/** Directories of packages lie this deep in an environment: `lib/python3.12/site-packages`. */
const PACKAGES_DEEP = 3;

/** A directory and those that it lies in, as many. */
function withParents(directory: string, count: number): string[] {
  const found = [directory];
  for (let at = 0; at < count; at++) found.push(dirname(found[at]!));
  return found;
}

/**
 * Files that tell which directories the answers depend on. What lies inside of packages is left out: Python itself writes
 * there, and the next look sees it anyway.
 */
function hearing(files: Files, tell: (directory: string) => void): Files {
  const heard = (directory: string) => {
    if (!/[/\\]site-packages[/\\]/.test(directory)) withParents(directory, 1).forEach(tell);
  };
  const about = <T>(ask: (path: string) => T) => (path: string) => {
    heard(dirname(path));
    return ask(path);
  };
  return {
    ...files,
    stat: about(files.stat),
    lstat: about(files.lstat),
    read: about(files.read),
    list(path) {
      heard(path);
      return files.list(path);
    },
  };
}

function searchIn(sys: Sys, { project: { paths: { root, stateDir } } }: Session) {
  return openWatched({ sys, root, stateDir });
}

function addTo(map: Map<string, string[]>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

function markOf({ files }: Sys, path: string): string {
  try {
    const stat = files.stat(path);
    return stat === undefined ? "" : [stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join();
  } catch (error) {
    return errorCode(error) ?? "unknown";
  }
}
