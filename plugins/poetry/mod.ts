/**
 * Environments made by Poetry: `poetry.lock` keeps the lock beside a `pyproject.toml` fresh, `poetry.install` makes a
 * virtual environment of it. What is common to all such plugins is qik's part.
 *
 * @module
 */
import { definePlugin, type PlannedDep, QikError } from "../../mod.ts";
import { type At, directoryOf, type PoetrySettings } from "./venv.ts";

/** Changes with the meaning of what the steps do. */
const VERSION = "1";

export default definePlugin((host) => ({
  name: "poetry",
  venv: host.venvType<PoetrySettings>({
    kind: "poetry",
    schema: async () => (await import("./settings.ts")).settingsSchema,
    layout: "virtualenv",
    tool: {
      name: "poetry",
      hint: "Install Poetry 2 and put it on PATH, for instance with: pipx install poetry",
    },
    defaultReqs: "pyproject.toml",
    lockName: () => "poetry.lock",
    lockPath: (reqs) => `${directoryOf(reqs[0]!)}poetry.lock`,
    lock: (at) => {
      check(at);
      return {
        version: VERSION,
        deps: [projectDep(at)],
        run: async (call) => (await import("./steps.ts")).lock(call, at),
      };
    },
    install: (at) => {
      check(at);
      return {
        version: VERSION,
        deps: [projectDep(at)],
        run: async (call) => (await import("./steps.ts")).install(call, at),
      };
    },
  }),
}));

/** Poetry has one place for what other tools take from anywhere. */
function check({ reqs, lock, constraints, settings, space }: At): void {
  const refuse = (what: string, hint: string) => {
    const message = `Cannot use the venv of the space "${space.name}": ${what}`;
    throw new QikError({ code: "config-bad-value", message, hint, place: space.place });
  };
  const [project] = reqs;
  if (reqs.length > 1 || !/(^|\/)pyproject\.toml$/.test(project!)) {
    refuse(
      `Poetry takes one "pyproject.toml", not ${reqs.map((path) => `"${path}"`).join(", ")}`,
      'Write reqs = "pyproject.toml", or the path of another one',
    );
  }
  const beside = `${directoryOf(project!)}poetry.lock`;
  if (lock !== beside) {
    refuse(`Poetry keeps its lock at "${beside}", not "${lock}"`, 'Leave "lock" out');
  }
  if (constraints.length > 0) {
    refuse("Poetry knows no constraints", `Say in "${project}" which versions may be used`);
  }
  if (settings["index-url"] !== undefined || settings["extra-index-url"] !== undefined) {
    refuse(
      "Poetry takes no index URL",
      `Name indexes in "${project}" under [[tool.poetry.source]], and credentials in ` +
        "POETRY_HTTP_BASIC_<NAME>_USERNAME and _PASSWORD",
    );
  }
}

/** Poetry's own settings, and the projects and archives that this one takes from the repository. */
function projectDep({ reqs: [project] }: At): PlannedDep {
  const directory = directoryOf(project!);
  return {
    kind: "poetry",
    late: async (world) => {
      const { localFiles } = await import("./project.ts");
      const own = `${directory}poetry.toml`;
      const others = localFiles(directory, world.file(project!));
      const known = [own, ...others].filter((path) => world.file(path) !== undefined);
      return { globs: known.map((path) => `:(literal)${path}`), facts: [] };
    },
  };
}
