import { byCodeUnit } from "../base/order.ts";
import { QikError } from "../base/problems.ts";
import { cacheTypeOf } from "../config/cache_names.ts";
import { besides, compilePathspec } from "../git/pathspec.ts";
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
  /** Files of the space that should be there and are not. */
  readonly lacking: readonly string[];
  /** Inputs that stand for a content that Git LFS has not fetched. */
  readonly pointers: readonly string[];
  /** The same without what other tasks hand on. */
  readonly picture: Picture;
  /** `name<TAB>value` lines; made when asked. */
  explanation(): readonly string[];
  /**
   * What is no longer as it was when the key was made: paths (at most 10) of inputs, else labels of facts, as of a
   * value in a file.
   */
  changedInputs(): Promise<readonly string[]>;
  /** Whether the tree would select the same inputs now and knows nothing newer of them; see `Tree.holds`. */
  holds(): Promise<boolean>;
}

/** What a task's environment adds to its key; the same for all tasks of a space. */
export interface SpaceInputs {
  readonly venvIdentity: string;
  /** Literal paths or globs: dotenv files, requirement files, lock files. */
  readonly inputs: readonly string[];
  /** Those of them that should be there. */
  readonly needed?: readonly string[];
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
  /** Paths of those artifacts that something changed since a moment, in milliseconds since the epoch. */
  readonly changedArtifacts: (artifacts: readonly HandedOn[], sinceMs: number) => readonly string[];
  readonly now: () => number;
}

/**
 * Makes keys. A task can be keyed when everything that it needs has been `settle`d, or does not take part in
 * the run: then what stands on disk counts.
 */
export class Keyer {
  readonly #ports: KeyerPorts;
  /** Task index to what its dependants' keys contain; `undefined`: nothing. */
  readonly #handedOn = new Map<number, string | undefined>();
  /** Artifacts that are on disk, and when they were. */
  readonly #onDisk = new Map<number, OnDisk>();
  readonly #surer: Keyer | undefined;

  constructor(ports: KeyerPorts, surer?: Keyer) {
    this.#ports = ports;
    this.#surer = surer;
  }

  /**
   * A keyer that knows all that this one knows, now and later, and keeps to itself what it is told: for keys that are
   * guessed before their time.
   */
  guessing(): Keyer {
    return new Keyer(this.#ports, this);
  }

  /** Records what a task hands on: its artifacts, or where it declares none its key; `undefined`: nothing. */
  settle(task: Task, result: { key: string; artifacts: readonly HandedOn[] } | undefined): void {
    if (result !== undefined && result.artifacts.length > 0) {
      this.#onDisk.set(task.index, { artifacts: result.artifacts, atMs: this.#ports.now() });
    }
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
    const { record, selected, asked, space } = await this.#record(task);
    const sink = new DigestSink();
    writeKey(sink, record);
    // Asked twice in a moment, to explain a miss and to be stored; longer it would only take memory.
    let explained: WeakRef<readonly string[]> | undefined;
    return {
      key: sink.end(),
      inputs: record.files,
      picture: pictureOf(record, secretKey),
      // Files of the space (a `local.env`, say) need not be there; what somebody wrote as a dependency should.
      unmatched: selected.unmatched.filter((spec) => asked.written.includes(spec)),
      lacking: selected.unmatched.filter((spec) => space.needed?.includes(spec)),
      pointers: tree.pointers(selected),
      explanation() {
        const lines = explained?.deref() ?? explain(record, secretKey);
        explained = new WeakRef(lines);
        // Each time: what is a secret may have been learned meanwhile.
        return mask === undefined ? lines : lines.map(mask);
      },
      changedInputs: async () => {
        const files = await tree.changedSince(selected, record.files);
        if (files.length > 0) return files;
        const facts = await this.#changedFacts(task, asked);
        return facts.length > 0 ? facts : this.#changedUpstream(task);
      },
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
    const stack = counted(task).filter((need) => !this.#isSettled(need));
    while (stack.length > 0) {
      const need = tasks[stack.at(-1)!]!;
      if (this.#isSettled(need.index)) {
        stack.pop();
      } else if (need.unfilled !== undefined) {
        throw new QikError(need.unfilled);
      } else if (need.artifacts.length > 0) {
        this.settle(need, { key: "", artifacts: await this.#ports.artifactsOnDisk(need) });
      } else if (!need.cacheable) {
        this.settle(need, undefined);
      } else {
        const open = counted(need).filter((deeper) => !this.#isSettled(deeper));
        if (open.length > 0) stack.push(...open);
        else this.settle(need, { key: (await this.key(need)).key, artifacts: [] });
      }
    }
  }

  #isSettled(index: number): boolean {
    return this.#handedOn.has(index) || this.#isSettledSurely(index);
  }

  #isSettledSurely(index: number): boolean {
    return this.#surer !== undefined && this.#surer.#isSettled(index);
  }

  #digestOf(index: number): string | undefined {
    return this.#isSettledSurely(index) ? this.#surer!.#digestOf(index) : this.#handedOn.get(index);
  }

  /** Facts are read from files, too: values, lists of globs, lock files. */
  async #changedFacts(task: Task, before: Asked): Promise<readonly string[]> {
    const { facts, globs } = await this.#asked(task);
    if (globs.join("\0") !== before.globs.join("\0")) return ["what its dependencies list"];
    const textOf = ({ label, value }: KeyFact) => JSON.stringify([label, value]);
    const known = new Set(before.facts.map(textOf));
    return facts.filter((fact) => !known.has(textOf(fact))).map(({ label }) => label);
  }

  /** What others handed on is read as inputs are. A task's own artifacts may lie among it, which it may change. */
  #changedUpstream(task: Task): readonly string[] {
    const changed = counted(task).flatMap((need) => {
      const known = this.#onDisk.get(need);
      return known === undefined ? [] : this.#ports.changedArtifacts(known.artifacts, known.atMs);
    });
    if (changed.length === 0) return changed;
    const own = task.artifacts.map((pattern) => compilePathspec(pattern));
    return changed.filter((path) =>
      !own.some((spec) => !spec.exclude && spec.matches(path, false))
    );
  }

  /** What the task's dependencies answer now. */
  async #asked(task: Task, world = this.#ports.world(task)): Promise<Asked> {
    const { variables } = this.#ports.spaceInputs(task);
    const late = await Promise.all(task.deps.map((dep) => dep.late?.(world)));
    const lateGlobs = late.flatMap((dep) => dep?.globs ?? []);
    const globsOf = (deps: readonly PlannedDep[]) => deps.flatMap((dep) => dep.globs ?? []);
    const facts = [
      ...task.deps.flatMap((dep) => dep.facts ?? []),
      ...late.flatMap((dep) => dep?.facts ?? []),
      ...variables.map(dotenvFact),
    ];
    return {
      facts: await readFacts(facts, world),
      globs: [...globsOf(task.deps), ...lateGlobs],
      written: [
        ...globsOf(task.deps.filter((dep) => !dep.unwritten)),
        ...late.flatMap((dep, at) => task.deps[at]!.unwritten ? [] : dep?.globs ?? []),
      ],
    };
  }

  async #record(
    task: Task,
    upstream = counted(task),
  ): Promise<{ record: TaskKey; selected: Selected; asked: Asked; space: SpaceInputs }> {
    const { tree, platform, plan } = this.#ports;
    const world = this.#ports.world(task);
    const space = this.#ports.spaceInputs(task);
    const asked = await this.#asked(task, world);
    const selected = await tree.select(
      besides(asked.globs, space.inputs),
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
      facts: asked.facts,
      files: await tree.states(selected),
      upstream: upstream.flatMap((need): [string, string][] => {
        const digest = this.#digestOf(need);
        return digest === undefined ? [] : [[plan.tasks[need]!.name, digest]];
      }).sort(byName),
    };
    return { record, selected, asked, space };
  }

  #selectOptions(task: Task): SelectOptions {
    const { untracked } = this.#ports;
    return { exclude: [...task.ignore, ...task.artifacts], untracked, behindLinks: true };
  }
}

interface OnDisk {
  readonly artifacts: readonly HandedOn[];
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** What a task's dependencies answered. */
interface Asked {
  readonly facts: readonly KeyFact[];
  readonly globs: readonly string[];
  /** Those of the globs that somebody wrote. */
  readonly written: readonly string[];
}

function explain(record: TaskKey, secretKey: () => Uint8Array): readonly string[] {
  const sink = new ExplainSink(secretKey());
  writeKey(sink, record);
  return sink.lines;
}

/** The cache that is committed is for every machine. */
function isRepoCache({ config }: Plan, name: string): boolean {
  return cacheTypeOf(config, name) === "repo";
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
