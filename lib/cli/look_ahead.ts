import type { Manifest } from "../cache/cache.ts";
import type { QikEvent, Reporter } from "../events/events.ts";
import type { Keyer } from "../hash/keyer.ts";
import type { Task } from "../plan/types.ts";
import { isWanted } from "../run/result.ts";
import type { Caches } from "./caches.ts";

/** What looking ahead needs of a session. */
export interface LookAheadParts {
  readonly keyer: Keyer;
  readonly caches: Caches;
}

/** Dependencies that read nothing but the working tree and this process's environment. */
const PLAIN: ReadonlySet<string> = new Set(["glob", "command", "const", "env"]);

/**
 * Asks remotes for tasks before it is their turn, so that a hundred cached tasks cost as many round trips as one, and
 * a chain of them one for each link and not two.
 *
 * A task is asked for as soon as its key can be told: at the start; when the record of a task that it needs says what
 * that one will hand on, long before its artifacts are here; or when those that it needs have ended. What is told from
 * records is a guess that only this knows: the run makes every key itself when it is its turn, and where the guess was
 * wrong it finds nothing under it.
 */
export class LookAhead {
  readonly #parts: LookAheadParts;
  /** Knows what was guessed; the run's own keyer does not. */
  readonly #keyer: Keyer;
  readonly #contents: boolean;
  readonly #ahead = new Map<number, Ahead>();

  /** @param contents Whether what is found is to be replayed, and not only told. */
  constructor(parts: LookAheadParts, tasks: readonly Task[], contents: boolean) {
    this.#parts = parts;
    this.#keyer = parts.keyer.guessing();
    this.#contents = contents;
    for (const task of tasks) this.#ahead.set(task.index, newAhead(task));
  }

  /** Has to hear what has ended. */
  get reporters(): readonly Reporter[] {
    const byName = new Map([...this.#ahead.values()].map((ahead) => [ahead.task.name, ahead]));
    const on = (event: QikEvent) => {
      if (event.type !== "task-ended" || !["hit", "ran"].includes(event.ending)) return;
      const ahead = byName.get(event.task);
      ahead?.known.resolve();
      ahead?.ended.resolve();
    };
    return [{ on }];
  }

  /** Ends when everything has been asked for that can be at the start. */
  async start(): Promise<void> {
    const asked = [...this.#ahead.values()].map((ahead) => {
      const waitsFor = this.#waitsFor(ahead.task);
      // A task that cannot be keyed, or a cache that cannot be opened, says so when it is its turn.
      const looked = Promise.all(waitsFor).then(() => this.#look(ahead)).catch(() => {});
      return waitsFor.length === 0 ? looked : undefined;
    });
    await Promise.all(asked);
  }

  /** What has to be known, or over, before the task can be keyed. */
  #waitsFor({ needs, deps, cacheable, artifacts }: Task): Promise<void>[] {
    if (!cacheable && artifacts.length === 0) return [];
    const inRun = needs.flatMap((need) => {
      const ahead = this.#ahead.get(need.task);
      return ahead === undefined ? [] : [{ ahead, orderOnly: need.orderOnly }];
    });
    // What is installed, or what a file says that another task writes, is asked only when that one has ended.
    const isPlain = deps.every(({ kind, late }) => PLAIN.has(kind) && late === undefined);
    if (!isPlain || inRun.some(({ orderOnly }) => orderOnly)) {
      return inRun.map(({ ahead }) => ahead.ended.promise);
    }
    return inRun.map(({ ahead }) => ahead.known.promise);
  }

  /** Starts looking a task up; ends when it has been asked for. */
  async #look({ task, known }: Ahead): Promise<void> {
    if (task.cacheable) {
      const { key } = await this.#keyer.key(task);
      this.#find(task, key).then((manifest) => {
        if (manifest?.exit !== 0 || !isWanted(task, 0)) return;
        this.#keyer.settle(task, { key, artifacts: manifest.artifacts });
        known.resolve();
      }, () => {});
    } else if (task.artifacts.length === 0) {
      // Whoever needs it is keyed without it. What another one writes is known when that has ended.
      this.#keyer.settle(task, undefined);
      known.resolve();
    }
  }

  async #find({ cache }: Task, key: string): Promise<Manifest | undefined> {
    const { caches } = this.#parts;
    const remote = caches.remotes.find(cache);
    if (remote !== undefined) return await remote.expect(key, this.#contents);
    const found = await caches.get(cache).get(key);
    return found.found ? found.hit.manifest : undefined;
  }
}

/** How far a task is. */
interface Ahead {
  readonly task: Task;
  /** What it hands on is known, or guessed. */
  readonly known: PromiseWithResolvers<void>;
  readonly ended: PromiseWithResolvers<void>;
}

function newAhead(task: Task): Ahead {
  return { task, known: Promise.withResolvers(), ended: Promise.withResolvers() };
}
