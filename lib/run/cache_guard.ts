import type { Code } from "../base/problems.ts";
import type { Cache, Hit, Manifest, RestorePlace, TaskResult } from "../cache/cache.ts";
import type { Reporter } from "../events/events.ts";

/** What a cache answered to a question for an entry; `why` is one plain line for `TaskStarted`. */
export type Found =
  | { readonly hit: Hit }
  | { readonly hit?: undefined; readonly why?: string };

type Tried<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly detail: string };

/**
 * Stands between a run and its caches: whatever goes wrong there, also an exception, becomes a warning and a
 * miss, so that no cache can make a run fail or alter its result.
 */
export class CacheGuard {
  readonly #reporter: Reporter;
  #saidUnwritable: boolean;

  /** @param saidUnwritable Whether the user knows already that nothing can be written. */
  constructor(reporter: Reporter, saidUnwritable = false) {
    this.#reporter = reporter;
    this.#saidUnwritable = saidUnwritable;
  }

  async find(cache: Cache, key: string, task: string): Promise<Found> {
    const tried = await attempt(() => cache.get(key));
    if (!tried.ok) return this.#damaged(cache, task, tried.detail);
    const lookup = tried.value;
    if (lookup.found) return { hit: lookup.hit };
    return lookup.reason === "absent" ? {} : this.#damaged(cache, task, lookup.detail);
  }

  /** @returns Files written and removed, or `undefined` where the hit cannot be used. */
  async restore(
    cache: Cache,
    hit: Hit,
    place: RestorePlace,
  ): Promise<{ readonly touched: number } | undefined> {
    const tried = await attempt(() => hit.restore(place));
    const { task } = hit.manifest;
    if (!tried.ok) return void this.#damaged(cache, task, tried.detail);
    const outcome = tried.value;
    if (!outcome.ok) return void this.#damaged(cache, task, outcome.detail);
    return { touched: outcome.written + outcome.removed };
  }

  /** @returns Whether the whole log was handed out. */
  async replay(cache: Cache, hit: Hit, onOutput: Parameters<Hit["replay"]>[0]): Promise<boolean> {
    const tried = await attempt(() => hit.replay(onOutput));
    if (!tried.ok) this.#damaged(cache, hit.manifest.task, tried.detail);
    return tried.ok;
  }

  /** @returns The stored manifest, or `undefined` where nothing was stored. */
  async put(cache: Cache, result: TaskResult): Promise<Manifest | undefined> {
    const tried = await attempt(() => cache.put(result));
    if (!tried.ok) return void this.unwritable(`the cache "${cache.name}"`, tried.detail);
    const outcome = tried.value;
    if (outcome.stored) return outcome.manifest;
    if (outcome.reason === "unwritable") {
      this.unwritable(`the cache "${cache.name}"`, outcome.detail);
    } else {
      this.#badArtifact(result.task, outcome.detail);
    }
    return undefined;
  }

  /** Said once per run: a full disk concerns every task in the same way. */
  unwritable(what: string, detail: string): void {
    if (this.#saidUnwritable) return;
    this.#saidUnwritable = true;
    this.warn("cache-unwritable", `Cannot write to ${what}: ${detail}`);
  }

  warn(code: Code, message: string, task?: string): void {
    this.#reporter.on({ type: "problem", code, message, ...(task !== undefined && { task }) });
  }

  #badArtifact(task: string, detail: string): void {
    this.#reporter.on({
      type: "problem",
      code: "cache-unwritable",
      message: `Did not store "${task}": ${detail}`,
      hint: "Let the command write what its artifacts name, or mend the patterns",
      task,
    });
  }

  #damaged(cache: Cache, task: string, detail: string): { readonly why: string } {
    this.warn("cache-damaged", `Cannot use "${task}" of cache "${cache.name}": ${detail}`, task);
    return { why: "the cached result was damaged" };
  }
}

/** The one place where an exception of a cache is caught. */
async function attempt<T>(action: () => T | Promise<T>): Promise<Tried<T>> {
  try {
    return { ok: true, value: await action() };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
