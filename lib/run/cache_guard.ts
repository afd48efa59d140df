import { messageOf } from "../base/message_of.ts";
import type { Code } from "../base/problems.ts";
import type { Cache, Hit, PutOutcome, RestorePlace, TaskResult } from "../cache/cache.ts";
import type { Reporter } from "../events/events.ts";

/** What a cache answered to a question for an entry; `why` is one plain line for `TaskStarted`. */
export type Found =
  | { readonly hit: Hit }
  | { readonly hit?: undefined; readonly why?: string };

/** What became of a hit: files written and removed, or why it cannot be used. */
export type Restored =
  | { readonly touched: number }
  | { readonly touched?: undefined; readonly why: string };

type Kept = Extract<PutOutcome, { readonly stored: true }>;

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
  #saidUnusable = false;
  /** Apart from the above: that a log cannot be written says nothing about a cache on another disk. */
  #saidLogLost = false;

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
    if (lookup.reason === "absent") {
      return lookup.detail === undefined ? {} : { why: lookup.detail };
    }
    return lookup.reason === "failed"
      ? this.#unusable(cache, task, lookup.detail)
      : this.#damaged(cache, task, lookup.detail);
  }

  /** As `Cache.has`; what cannot be looked at is not there. */
  has(cache: Cache, key: string): boolean {
    try {
      return cache.has?.(key) === true;
    } catch {
      return false;
    }
  }

  /**
   * The user's own work in the way of a hit is no damage: the command runs as it would without a cache. What a
   * remote could not fetch has been told by the remote, once for all tasks.
   */
  async restore(cache: Cache, hit: Hit, place: RestorePlace): Promise<Restored> {
    const tried = await attempt(() => hit.restore(place));
    const { task } = hit.manifest;
    if (!tried.ok) return this.#damaged(cache, task, tried.detail);
    const outcome = tried.value;
    const quiet = !outcome.ok && (outcome.reason === "conflict" || outcome.reason === "absent");
    if (quiet) return { why: outcome.detail };
    if (!outcome.ok) {
      return outcome.reason === "failed"
        ? this.#unusable(cache, task, outcome.detail)
        : this.#damaged(cache, task, outcome.detail);
    }
    return { touched: outcome.written + outcome.removed };
  }

  /**
   * @returns Whether the whole log was handed out.
   * @throws What `onOutput` throws: that is no fault of the cache.
   */
  async replay(cache: Cache, hit: Hit, onOutput: Parameters<Hit["replay"]>[0]): Promise<boolean> {
    let listenerError: { readonly error: unknown } | undefined;
    const tried = await attempt(() =>
      hit.replay((stream, bytes) => {
        try {
          onOutput(stream, bytes);
        } catch (error) {
          listenerError ??= { error };
          throw error;
        }
      })
    );
    if (listenerError !== undefined) throw listenerError.error;
    if (!tried.ok) this.#damaged(cache, hit.manifest.task, tried.detail);
    return tried.ok;
  }

  /** @returns What was stored, or `undefined` where nothing was. */
  async put(cache: Cache, result: TaskResult): Promise<Kept | undefined> {
    const tried = await attempt(() => cache.put(result));
    if (!tried.ok) return void this.unwritable(`the cache "${cache.name}"`, tried.detail);
    const outcome = tried.value;
    if (outcome.stored) return outcome;
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

  /** @param detail The system's word where the log could not be written, else what happened to it. */
  logLost(log: string, task: string, detail: string): void {
    if (!isSystemWord(detail)) {
      const hint = "Let nothing but qik write to ._qik/out";
      const message = `Did not store "${task}": of its log "${log}", ${detail}`;
      return this.warn("cache-unwritable", message, task, hint);
    }
    if (this.#saidUnwritable || this.#saidLogLost) return;
    this.#saidLogLost = true;
    this.warn("cache-unwritable", `Cannot write to the log "${log}": ${detail}`);
  }

  /** @param hint Replaces that of the code. */
  warn(code: Code, message: string, task?: string, hint?: string): void {
    this.#reporter.on({
      type: "problem",
      code,
      message,
      ...(task !== undefined && { task }),
      ...(hint !== undefined && { hint }),
    });
  }

  inputsChanged(task: string, paths: readonly string[]): void {
    const shown = paths.slice(0, 3).map((path) => `"${path}"`).join(", ");
    const more = paths.length > 3 ? " and others" : "";
    const message = `Did not store "${task}": ${shown}${more} changed while it ran`;
    this.warn("inputs-changed", message, task);
  }

  #badArtifact(task: string, detail: string): void {
    this.warn("artifact-bad", `Did not store "${task}": ${detail}`, task);
  }

  /** Said once per run: a full disk or a closed directory concerns every task in the same way. */
  #unusable(cache: Cache, task: string, detail: string): { readonly why: string } {
    const message = `Cannot use "${task}" of cache "${cache.name}": ${detail}`;
    if (!this.#saidUnusable) this.warn("cache-unusable", message, task);
    this.#saidUnusable = true;
    return { why: "the cached result cannot be used" };
  }

  #damaged(cache: Cache, task: string, detail: string): { readonly why: string } {
    this.warn("cache-damaged", `Cannot use "${task}" of cache "${cache.name}": ${detail}`, task);
    return { why: "the cached result was damaged" };
  }
}

/** Such as `ENOSPC`. */
function isSystemWord(detail: string): boolean {
  return /^E[A-Z0-9]+$/.test(detail);
}

/** The one place where an exception of a cache is caught. */
async function attempt<T>(action: () => T | Promise<T>): Promise<Tried<T>> {
  try {
    return { ok: true, value: await action() };
  } catch (error) {
    return { ok: false, detail: messageOf(error) };
  }
}
