import { type Problem, QikError } from "../base/problems.ts";
import { withoutAccounts } from "../base/secrets.ts";
import { reservedPath } from "../cache/artifact_rules.ts";
import { cacheNames, cacheTypeOf } from "../config/cache_names.ts";
import { INDEX_RULE, isIndexUrl } from "../config/index_url.ts";
import type { Config, Json, PluginConfig, SpaceConfig } from "../config/types.ts";
import { fillJson } from "../plan/fill.ts";
import type { NeedRequest } from "../plan/types.ts";
import type { BuiltVenv } from "../space/built_venv.ts";
import {
  badValue,
  listOf,
  pathsOf,
  planVenv,
  unknownSpace,
  type VenvPlan,
  type VenvSettings,
} from "../space/venv_plan.ts";
import type { BuiltVenvSettings, VenvAt, VenvType } from "./api.ts";
import { pluginProject, type ProjectView, venvTypesOf } from "./made.ts";

/** One environment with everything that its two tasks are made of. */
export interface PlannedVenv {
  readonly type: VenvType;
  /** The plugin's entry in `[plugins]`. */
  readonly entry: PluginConfig;
  readonly at: VenvAt;
  readonly built: BuiltVenv;
  /** Cache of its lock. */
  readonly cache: string;
  /** Lock tasks that make its constraints. */
  readonly needs: readonly NeedRequest[];
}

/** The same before it is known what it keeps to: two spaces may name each other. */
interface Draft extends Pick<PlannedVenv, "type" | "entry" | "built" | "cache"> {
  readonly space: SpaceConfig;
  readonly settings: VenvSettings;
  readonly reqs: readonly string[];
  readonly constraint: Json | undefined;
}

/** Need of the task that locks a space. */
export function lockTask({ name }: PluginConfig, space: SpaceConfig): NeedRequest {
  const command = `${name}.lock@${space.name}`;
  return { command, strict: true, orderOnly: false, isolated: false };
}

/** Plans environments, each once. What is wrong with one is kept for whoever uses it. */
export class VenvPlanning {
  readonly #view: ProjectView;
  readonly #spaces: ReadonlyMap<string, SpaceConfig>;
  readonly #plans = new Map<string, VenvPlan | QikError>();
  readonly #drafts = new Map<string, Draft | QikError | undefined>();
  readonly #venvs = new Map<string, PlannedVenv | QikError | undefined>();

  constructor(view: ProjectView) {
    this.#view = view;
    this.#spaces = new Map(view.config.spaces.map((space) => [space.name, space]));
  }

  /** Of a space, its own or inherited; `undefined` where no plugin builds it, or the `venv` itself is wrong. */
  of(space: SpaceConfig): PlannedVenv | QikError | undefined {
    const owner = this.#ownerOf(space);
    return owner && once(this.#venvs, owner.name, () => this.#make(owner));
  }

  #ownerOf(space: SpaceConfig): SpaceConfig | undefined {
    const plan = once(this.#plans, space.name, () => attempted(() => this.#plan(space)));
    return plan instanceof QikError ? undefined : this.#spaces.get(plan.owner);
  }

  #plan(space: SpaceConfig): VenvPlan {
    const { config, fill } = this.#view;
    const asked = { ...config, venvTypes: venvTypesOf(this.#view) };
    const { value, problems } = planVenv(space, asked, fill);
    if (problems.length > 0) throw new QikError(problems);
    return value;
  }

  #draftOf(owner: SpaceConfig): Draft | QikError | undefined {
    return once(this.#drafts, owner.name, () => {
      const plan = this.#plans.get(owner.name) ?? attempted(() => this.#plan(owner));
      if (plan instanceof QikError) return plan;
      return plan.type === "active" ? undefined : attempted(() => draftOf(this.#view, owner, plan));
    });
  }

  #make(owner: SpaceConfig): PlannedVenv | QikError | undefined {
    const draft = this.#draftOf(owner);
    if (draft === undefined || draft instanceof QikError) return draft;
    const { type, entry, built, cache, settings, reqs } = draft;
    return attempted(() => {
      const { files, needs } = this.#constraintsOf(draft);
      // The lock would be written over what somebody wrote by hand.
      if ([...reqs, ...files].includes(built.lock)) {
        const what = `its lock is a file that it is made from, "${built.lock}"`;
        throw new QikError(badValue(owner, what));
      }
      const whose = reservedPath(built.lock);
      if (whose !== undefined) {
        throw new QikError(badValue(owner, `its lock "${built.lock}" ${whose}`));
      }
      const at: VenvAt = {
        project: pluginProject(this.#view, entry),
        space: owner,
        settings: settings as BuiltVenvSettings,
        reqs,
        lock: built.lock,
        constraints: files,
        directory: built.directory,
      };
      return { type, entry, at, built, cache, needs };
    });
  }

  /** Files that the lock keeps to, and the tasks that make them. */
  #constraintsOf(
    { space, constraint }: Draft,
  ): { readonly files: readonly string[]; readonly needs: readonly NeedRequest[] } {
    if (constraint === undefined) return { files: [], needs: [] };
    if (typeof constraint === "string") {
      return { files: [pathIn(space, "constraint", constraint)], needs: [] };
    }
    const name = String((constraint as VenvSettings)["name"]);
    const other = this.#spaces.get(name);
    const owner = other && this.#ownerOf(other);
    if (owner === undefined) {
      throw new QikError(unknownSpace(space, "use the constraint", name, [...this.#spaces.keys()]));
    }
    const draft = this.#draftOf(owner);
    if (draft instanceof QikError) throw draft;
    if (draft !== undefined) {
      return { files: [draft.built.lock], needs: [lockTask(draft.entry, owner)] };
    }
    return { files: this.#plan(owner).files, needs: [] };
  }
}

/** Everything that the table of one space says, over what the plugin's table says for all. */
function draftOf(view: ProjectView, space: SpaceConfig, plan: VenvPlan): Draft {
  const { config, plugins, fill } = view;
  const entry = config.plugins.find(({ source }) => plugins.get(source)?.venv?.kind === plan.type)!;
  const type = plugins.get(entry.source)!.venv!;
  const usual = fillJson(entry.settings, (text) => fill(text, space)) as VenvSettings;
  const { lock: written, cache: named, constraint, reqs: usualReqs, ...settings } = {
    ...usual,
    ...plan.settings,
  };
  const cache = typeof named === "string" ? named : config.defaults.cache;
  const isRepo = typeOfCache(config, space, cache) === "repo";
  const directoryName = space.name.replaceAll("%", "%25").replaceAll("/", "%2F");
  const own = plan.files.length > 0 ? plan.files : listOf(usualReqs);
  const reqs = (own.length > 0 ? own : listOf(type.defaultReqs))
    .map((path) => pathIn(space, "reqs", path));
  if (reqs.length === 0) throw new QikError(badValue(space, "it names no requirements"));
  const kept = `${isRepo ? ".qik" : "._qik"}/artifacts/${entry.name}.lock`;
  const lock = written === undefined
    ? type.lockPath?.(reqs) ?? `${kept}/${type.lockName(directoryName)}`
    : pathIn(space, "lock", written);
  checkIndexes(space, type, settings);
  const { python } = settings;
  const identity = { venv: type.kind, ...(python === undefined ? {} : { python }) };
  const built: BuiltVenv = {
    directory: `._qik/venv/${directoryName}`,
    lock,
    layout: type.layout,
    identity: JSON.stringify(identity),
    recipe: recipeOf(settings),
  };
  return { space, type, entry, built, cache, settings, reqs, constraint };
}

/** What templates came to. It may hold credentials, so that it is not shown. */
function checkIndexes(space: SpaceConfig, type: VenvType, settings: VenvSettings): void {
  if (type.channels === true) return;
  for (const key of ["index-url", "extra-index-url"]) {
    if (listOf(settings[key]).every((url) => isIndexUrl(String(url)))) continue;
    const what = `what the templates in its "${key}" come to is no index: ${INDEX_RULE}`;
    throw new QikError(badValue(space, what));
  }
}

/** Settings as a text for keys, without credentials: who fetches something does not change what it is. */
function recipeOf(settings: VenvSettings): string {
  return withoutAccounts(JSON.stringify(Object.entries(settings).sort()));
}

function typeOfCache(config: Config, space: SpaceConfig, name: string): string {
  if (cacheNames(config).includes(name)) return cacheTypeOf(config, name);
  const message =
    `Cannot use the cache "${name}" of the venv of the space "${space.name}": no such cache`;
  throw new QikError({ code: "cache-unknown", message, place: space.place });
}

function pathIn(space: SpaceConfig, key: string, value: Json): string {
  const problems: Problem[] = [];
  const [path] = pathsOf(space, key, [value], problems);
  if (path === undefined) throw new QikError(problems);
  return path;
}

function once<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.has(key) ? known.get(key)! : make();
  known.set(key, value);
  return value;
}

function attempted<T>(make: () => T): T | QikError {
  try {
    return make();
  } catch (error) {
    if (error instanceof QikError) return error;
    throw error;
  }
}
