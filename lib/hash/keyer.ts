import { byCodeUnit } from "../base/order.ts";
import { QikError } from "../base/problems.ts";
import type { FileState, Selected, SelectOptions, Tree } from "../git/tree.ts";
import type { DepWorld, Fact, Plan, PlannedDep, Task } from "../plan/types.ts";
import { type HandedOn, handedOnDigest } from "./handed_on.ts";
import { type Picture, pictureOf } from "./picture.ts";
import { type KeyFact, type TaskKey, writeKey } from "./key.ts";
import { DigestSink, ExplainSink } from "./sinks.ts";

/** A task's key and what it was made of. */
export interface KeyedTask {
  readonly key: string;
  readonly inputs: readonly FileState[];
  /** Globs of its dependencies that matched nothing. */
  readonly unmatched: readonly string[];
  /** Inputs that stand for a content that Git LFS has not fetched. */
  readonly pointers: readonly string[];
  /** The same without what other tasks hand on. */
  readonly picture: Picture;
  /** `name<TAB>value` lines; made when asked. */
  explanation(): readonly string[];
  /** Paths (at most 10) of inputs that are no longer what they were when the key was made. */
  changedInputs(): Promise<readonly string[]>;
  /** Whether the tree would select the same inputs now and knows nothing newer of them; see `Tree.holds`. */
  holds(): Promise<boolean>;
}

/** What a task's environment adds to its key; the same for all tasks of a space. */
export interface SpaceInputs {
  readonly venvIdentity: string;
  /** Literal paths or globs: dotenv files, requirement files, lock files. */
  readonly inputs: readonly string[];
  /** What the dotenv files come to: `${HOME}` in them reads what no file holds. */
  readonly variables: readonly (readonly [name: string, value: string | undefined])[];
}

/** What keys are made from. */
export interface KeyerPorts {
  readonly plan: Plan;
  readonly tree: Tree;
  readonly world: (task: Task) => DepWorld;
  readonly spaceInputs: (task: Task) => SpaceInputs;
  /** `linux-64` and so on. */
  readonly platform: string;
  readonly untracked: boolean;
  /** Hides secrets in explanations; asked when one is made, which a warm run never does. */
  readonly secretKey: () => Uint8Array;
  /** Masks what must not be shown or stored in a line of an explanation; unset: nothing. */
  readonly mask?: (line: string) => string;
  /** Artifacts as they are on disk, of a task that is not cached or takes no part in the run. */
  readonly artifactsOnDisk: (task: Task) => Promise<readonly HandedOn[]>;
}

/**
 * Makes keys. A task can be keyed when everything that it needs has been `settle`d, or does not take part in
 * the run: then what stands on disk counts.
 */
export class Keyer {
  readonly #ports: KeyerPorts;
  /** Task index to what its dependants' keys contain; `undefined`: nothing. */
  readonly #handedOn = new Map<number, string | undefined>();

  constructor(ports: KeyerPorts) {
    this.#ports = ports;
  }

  /** Records what a task hands on: its artifacts, or where it declares none its key; `undefined`: nothing. */
  settle(task: Task, result: { key: string; artifacts: readonly HandedOn[] } | undefined): void {
    if (result === undefined) this.#handedOn.set(task.index, undefined);
    else if (task.artifacts.length === 0) this.#handedOn.set(task.index, `key:${result.key}`);
    else this.#handedOn.set(task.index, handedOnDigest(result.artifacts));
  }

  /**
   * @throws {QikError} Where an input or a dependency cannot be read.
   */
  async key(task: Task): Promise<KeyedTask> {
    if (task.unfilled !== undefined) throw new QikError(task.unfilled);
    await this.#settleAbsent(task);
    const { tree, secretKey, mask } = this.#ports;
    const { record, selected, written } = await this.#record(task);
    const sink = new DigestSink();
    writeKey(sink, record);
    return {
      key: sink.end(),
      inputs: record.files,
      picture: pictureOf(record, secretKey),
      // Files of the space (a `local.env`, say) need not be there; what somebody wrote as a dependency should.
      unmatched: selected.unmatched.filter((spec) => written.includes(spec)),
      pointers: tree.pointers(selected),
      explanation() {
        const lines = new ExplainSink(secretKey());
        writeKey(lines, record);
        return mask === undefined ? lines.lines : lines.lines.map(mask);
      },
      changedInputs: () => tree.changedSince(selected, record.files),
      holds: () => tree.holds(selected, record.files),
    };
  }

  /**
   * What the task's key would be made of now, without what other tasks hand on; also for tasks that are not cached.
   *
   * @throws {QikError} Where an input or a dependency cannot be read.
   */
  async picture(task: Task): Promise<Picture> {
    if (task.unfilled !== undefined) throw new QikError(task.unfilled);
    return pictureOf((await this.#record(task, [])).record, this.#ports.secretKey);
  }

  /** Settles needs outside the run, deepest first; iterative, because chains may be long. */
  async #settleAbsent(task: Task): Promise<void> {
    const { tasks } = this.#ports.plan;
    const stack = counted(task).filter((need) => !this.#handedOn.has(need));
    while (stack.length > 0) {
      const need = tasks[stack.at(-1)!]!;
      if (this.#handedOn.has(need.index)) {
        stack.pop();
      } else if (need.unfilled !== undefined) {
        throw new QikError(need.unfilled);
      } else if (need.artifacts.length > 0) {
        this.settle(need, { key: "", artifacts: await this.#ports.artifactsOnDisk(need) });
      } else if (!need.cacheable) {
        this.settle(need, undefined);
      } else {
        const open = counted(need).filter((deeper) => !this.#handedOn.has(deeper));
        if (open.length > 0) stack.push(...open);
        else this.settle(need, { key: (await this.key(need)).key, artifacts: [] });
      }
    }
  }

  async #record(
    task: Task,
    upstream = counted(task),
  ): Promise<{ record: TaskKey; selected: Selected; written: readonly string[] }> {
    const { tree, platform, plan } = this.#ports;
    const world = this.#ports.world(task);
    const space = this.#ports.spaceInputs(task);
    const late = await Promise.all(task.deps.map((dep) => dep.late?.(world)));
    const lateGlobs = late.flatMap((dep) => dep?.globs ?? []);
    const globsOf = (deps: readonly PlannedDep[]) => deps.flatMap((dep) => dep.globs ?? []);
    const written = [...globsOf(task.deps.filter((dep) => !dep.unwritten)), ...lateGlobs];
    const facts = [
      ...task.deps.flatMap((dep) => dep.facts ?? []),
      ...late.flatMap((dep) => dep?.facts ?? []),
      ...space.variables.map(dotenvFact),
    ];
    const selected = await tree.select(
      [...globsOf(task.deps), ...lateGlobs, ...space.inputs],
      this.#selectOptions(task),
    );
    const record: TaskKey = {
      format: 3,
      task: task.name,
      exec: task.exec,
      shell: typeof task.exec === "string" ? task.shell : "",
      dir: task.dir,
      platform: task.command.portable || isRepoCache(plan, task.cache) ? "" : platform,
      env: task.env.map(({ name, value }) => [name, value] as const).sort(byName),
      passEnv: [...task.command.passEnv].sort(byCodeUnit).map((name) => [name, world.env(name)]),
      args: task.args,
      artifacts: task.artifacts,
      venv: space.venvIdentity,
      facts: await readFacts(facts, world),
      files: await tree.states(selected),
      upstream: upstream.flatMap((need): [string, string][] => {
        const digest = this.#handedOn.get(need);
        return digest === undefined ? [] : [[plan.tasks[need]!.name, digest]];
      }).sort(byName),
    };
    return { record, selected, written };
  }

  #selectOptions(task: Task): SelectOptions {
    return { exclude: [...task.ignore, ...task.artifacts], untracked: this.#ports.untracked };
  }
}

/** The cache that is committed is for every machine. */
function isRepoCache({ config }: Plan, name: string): boolean {
  return (config.caches.find((cache) => cache.name === name)?.type ?? name) === "repo";
}

function dotenvFact([name, value]: readonly [string, string | undefined]): Fact {
  return { label: `dotenv ${name}`, secret: true, read: () => value };
}

/** Needs whose result counts in the key. */
function counted(task: Task): number[] {
  return task.needs.filter(({ orderOnly }) => !orderOnly).map((need) => need.task);
}

const byName = (a: readonly [string, unknown], b: readonly [string, unknown]) =>
  byCodeUnit(a[0], b[0]);

/** Facts by label, then by value: one label may be asked twice with different defaults. */
async function readFacts(facts: readonly Fact[], world: DepWorld): Promise<KeyFact[]> {
  const read = await Promise.all(facts.map(async (fact): Promise<KeyFact> => ({
    label: fact.label,
    value: await fact.read(world),
    secret: fact.secret ?? false,
  })));
  return read.sort((a, b) =>
    byCodeUnit(a.label, b.label) || byCodeUnit(a.value ?? "", b.value ?? "")
  );
}
