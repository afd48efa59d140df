import type { Code, Place, Problem } from "../base/problems.ts";
import { circles } from "./circles.ts";
import type { Draft, Names } from "./draft.ts";
import { hinted, type Suggest } from "./flaws.ts";
import { inheritedSpaces } from "./spaces.ts";
import type { CommandConfig, Config, DepConfig, Json } from "./types.ts";

/** Collects problems of names that lead nowhere. */
interface Check {
  readonly config: Config;
  readonly names: Names;
  readonly suggest: Suggest;
  readonly problems: Problem[];
}

/** Reports everything in a whole configuration that names something which does not exist, or exists twice. */
export function checkReferences(config: Config, { names, suggest, problems }: Draft): void {
  const check: Check = { config, names, suggest, problems };
  const file = config.spaces[0]!.place.file;
  checkSameNames(check);
  for (const command of config.commands) checkCommand(check, command);
  checkDeps(check, config.baseDeps);
  const path = `${topPath(config)}defaults.cache`;
  known(check, "cache-unknown", "cache", config.defaults.cache, { file, path });
  checkHooks(check, file);
  checkSpaces(check, file);
}

/** What stands before top-level keys: `tool.qik.` in `pyproject.toml`. */
function topPath({ spaces }: Config): string {
  const path = spaces[0]!.place.path ?? "";
  return path.slice(0, path.indexOf("spaces."));
}

function below(place: Place, key: string): Place {
  return { file: place.file, path: `${place.path}${key}` };
}

const SETS = { command: "commands", space: "spaces", cache: "caches", pool: "pools" } as const;

/** Reports a name that means nothing; one with braces is looked up when it is filled in. */
function known(
  check: Check,
  code: Code,
  what: keyof typeof SETS,
  name: string | undefined,
  place: Place,
): void {
  if (name === undefined || name.includes("{") || check.names[SETS[what]].has(name)) return;
  const hint = check.suggest(name, check.names[SETS[what]]);
  const message = `Cannot use the ${what} "${name}": no such ${what}`;
  check.problems.push({ code, message, ...hinted(hint), place });
}

function checkSameNames({ config, problems }: Check): void {
  const modules = config.spaces.flatMap((space) => space.modules);
  const told = (kind: string, name: string, place: Place, first: Place) => {
    const message = `Cannot define the ${kind} "${name}": it is already defined`;
    const where = `${first.file}, ${first.path}`;
    problems.push({
      code: "config-bad-value",
      message,
      hint: `The first stands in ${where}`,
      place,
    });
  };
  const twice = <T extends { readonly place: Place }>(
    kind: string,
    items: readonly T[],
    key: (item: T) => string,
  ) => {
    const first = new Map<string, Place>();
    for (const item of items) {
      const before = first.get(key(item));
      if (before === undefined) first.set(key(item), item.place);
      else told(kind, key(item), item.place, before);
    }
  };
  twice("command", config.commands, ({ name }) => name);
  twice("module", modules, ({ name }) => name);
  twice("module directory", modules, ({ dir }) => dir === "" ? "." : dir);
}

function checkCommand(check: Check, command: CommandConfig): void {
  const { place } = command;
  known(check, "cache-unknown", "cache", command.cache, below(place, ".cache"));
  known(check, "space-unknown", "space", command.space, below(place, ".space"));
  known(check, "config-bad-value", "pool", command.pool, below(place, ".pool"));
  checkDeps(check, command.deps);
}

function checkDeps(check: Check, deps: readonly DepConfig[]): void {
  for (const { type, settings, place } of deps) {
    if (type !== "command" || typeof settings["name"] !== "string") continue;
    // A task may be named, too: whether the command has it, the plan knows.
    const [name = ""] = settings["name"].split(/[@#?]/, 1);
    if (!isOfPlugin(check, name)) {
      known(check, "command-unknown", "command", name, below(place, ".name"));
    }
  }
}

/** Whether a plugin of the configuration may bring the command; the plan knows what plugins bring. */
function isOfPlugin({ config }: Check, name: string): boolean {
  return config.plugins.some((plugin) => name.startsWith(`${plugin.name}.`));
}

function checkHooks(check: Check, file: string): void {
  for (const hook of check.config.hooks) {
    hook.commands.forEach((name, at) => {
      if (isOfPlugin(check, name)) return;
      const path = `${topPath(check.config)}hooks.${hook.name}[${at}]`;
      known(check, "command-unknown", "command", name, { file, path });
    });
  }
}

function checkSpaces(check: Check, file: string): void {
  const { spaces, defaults } = check.config;
  const fences = new Map<string, string[]>();
  const venvs = new Map<string, string[]>();
  const inherit = (venv: Json | undefined, place: Place) =>
    inheritedSpaces(venv).map(({ name, at }) => {
      const key = at === undefined ? ".name" : `[${at}].name`;
      known(check, "space-unknown", "space", name, below(place, key));
      return name;
    });
  const path = `${topPath(check.config)}defaults.venv`;
  const inherited = inherit(defaults.venv, { file, path });
  for (const { name, venv, fence, place } of spaces) {
    venvs.set(name, venv === undefined ? inherited : inherit(venv, below(place, ".venv")));
    const items = fence === undefined || fence === true ? [] : fence;
    fences.set(
      name,
      items.flatMap((item, at) => {
        if (item.kind === "path") return [];
        known(check, "space-unknown", "space", item.name, below(place, `.fence[${at}].name`));
        return [item.name];
      }),
    );
  }
  reportCircles(check, "venv", venvs);
  reportCircles(check, "fence", fences);
}

function reportCircles(
  check: Check,
  what: "venv" | "fence",
  edges: ReadonlyMap<string, readonly string[]>,
): void {
  const places = new Map(check.config.spaces.map(({ name, place }) => [name, place]));
  for (const circle of circles(edges)) {
    const message = `Cannot follow the ${what} of the space "${circle[0]}": ${circle.join(" -> ")}`;
    const place = below(places.get(circle[0]!)!, `.${what}`);
    const hint = `Remove one of these from the ${what}s`;
    check.problems.push({ code: "space-cycle", message, hint, place });
  }
}
