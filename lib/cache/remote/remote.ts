import type { Problem } from "../../base/problems.ts";
import type { Clock, Files } from "../../sys/sys.ts";
import { reasonOf } from "../blobs.ts";
import type {
  Cache,
  Hit,
  Lookup,
  Manifest,
  Origin,
  PutOutcome,
  RestorePlace,
  TaskResult,
} from "../cache.ts";
import type { LocalCache } from "../local.ts";
import { Budget } from "./budget.ts";
import { isInTime } from "./keys.ts";
import { Calls, RemoteOff } from "./calls.ts";
import { resultOf } from "./agreement.ts";
import { Fetching, Missing } from "./fetching.ts";
import { quarantine } from "./quarantine.ts";
import type { RemoteRecord } from "./record.ts";
import { Search } from "./search.ts";
import { ownRecord, Sending } from "./sending.ts";
import type { ObjectStore } from "./store.ts";
import { Told } from "./told.ts";
import type { RemotePolicy } from "./trust.ts";
import { Uploads } from "./uploads.ts";

/**
 * So many calls and bytes are under way at once, in each direction of contents. As many calls as there are look-ups:
 * the contents of a hundred tasks cost one round trip.
 */
const CONTENTS = { calls: 128, bytes: 1 << 26 };

export interface RemoteOptions {
  readonly name: string;
  readonly store: ObjectStore;
  readonly local: LocalCache;
  readonly files: Files;
  readonly clock: Clock;
  /** A directory beside the local store's blobs. */
  readonly temporary: string;
  readonly policy: RemotePolicy;
  readonly timeoutMs: number;
  /** How long the end of a run waits for uploads. */
  readonly uploadWaitMs: number;
  /** Bytes that the contents of one entry may have, both ways. */
  readonly maxEntry: number;
  /** Told at most once for each kind of problem, in whatever order things happen. */
  readonly tell: (problem: Problem) => void;
}

/** A cache that several machines share, in front of which the local store stands. */
export interface RemoteCache extends Cache {
  /**
   * Starts looking a key up before its task asks for it, and answers what a run will be told. With `contents` what is
   * found also comes into the local store, which is not waited for.
   */
  expect(key: string, contents: boolean): Promise<Manifest | undefined>;
  /** As `get`, with nothing but what is here already: no server is asked. */
  kept(key: string): Promise<Lookup>;
  /** Waits for uploads, as long as they may take, and tells what was left. `stop` ends the wait at once. */
  finish(stop: AbortSignal): Promise<void>;
  /** Ends all that is under way without a word. */
  stop(): void;
}

/** Opens the remote tier over a store. */
export function openRemoteCache(options: RemoteOptions): RemoteCache {
  return new Remote(options);
}

class Remote implements RemoteCache {
  readonly name: string;
  readonly #options: RemoteOptions;
  readonly #calls: Calls;
  readonly #fetching: Fetching;
  readonly #search: Search;
  readonly #sending: Sending;
  readonly #told: Told;
  readonly #expected = new Map<string, Expected>();

  constructor(options: RemoteOptions) {
    const { name, store, clock, timeoutMs, local, files, temporary, maxEntry, policy } = options;
    this.name = name;
    this.#options = options;
    const { signKey } = policy;
    const told = new Told(options.tell, () => [
      ...store.secrets ?? [],
      ...(signKey === undefined ? [] : [signKey.secret]),
    ]);
    const calls = new Calls({ name, store, clock, timeoutMs, tell: (one) => told.tell(one) });
    this.#told = told;
    this.#calls = calls;
    this.#search = new Search({ name, calls, policy, maxEntry, told });
    this.#fetching = new Fetching({ calls, local, files, temporary, budget: new Budget(CONTENTS) });
    const { unsound } = this.#fetching;
    const budget = new Budget(CONTENTS);
    const secrets = () => told.secrets();
    const uploads = new Uploads({ calls, local, files, budget, maxEntry, secrets, unsound });
    const { unusable } = this.#search;
    const waitMs = options.uploadWaitMs;
    this.#sending = new Sending({
      ...{ name, calls, local, clock, policy, uploads, unusable, waitMs, told },
    });
  }

  async get(key: string): Promise<Lookup> {
    const expected = this.#expected.get(key);
    await expected?.here;
    const kept = await this.kept(key);
    if (kept.found) return kept;
    const record = expected === undefined ? await this.#search.find(key) : await expected.record;
    return record === undefined ? kept : { found: true, hit: this.#hitOf(record) };
  }

  has(key: string): boolean {
    return this.#options.local.has!(key);
  }

  async kept(key: string): Promise<Lookup> {
    const { local, policy: { signers } } = this.#options;
    if (signers !== undefined) return { found: false, reason: "absent", detail: UNSIGNED[signers] };
    const kept = await local.get(key);
    const detail = kept.found ? this.#objection(kept.hit.manifest.origin) : undefined;
    return detail === undefined ? kept : { found: false, reason: "absent", detail };
  }

  async put(result: TaskResult): Promise<PutOutcome> {
    const outcome = await this.#options.local.put(result);
    if (outcome.stored) this.#sending.start(result.key, result.task);
    return outcome;
  }

  async disown(wrong: Manifest): Promise<string | undefined> {
    const { local, policy, store } = this.#options;
    await local.disown!(wrong);
    this.#expected.delete(wrong.key);
    const result = resultOf({ manifest: wrong });
    const records = await this.#search.all(wrong.key);
    const names = records.filter((record) => resultOf(record) === result).map(({ name }) => name);
    const own = ownRecord(policy, wrong.key);
    if (policy.writes && names.includes(own)) this.#search.unusable.add(own);
    const left = policy.writes ? await quarantine(this.#calls, store, names) : names;
    // What cannot be removed may still be written over.
    const kept = policy.writes && store.remove === undefined
      ? left.filter((name) => name !== own)
      : left;
    return kept.length === 0
      ? undefined
      : `it is still in the remote cache "${this.name}", where this run cannot remove it`;
  }

  async expect(key: string, contents: boolean): Promise<Manifest | undefined> {
    const known = this.#expected.get(key);
    if (known !== undefined) return known.manifest;
    const { local, policy: { signers } } = this.#options;
    const kept = signers === undefined ? local.entry(key) : undefined;
    const isFine = kept !== undefined && this.#objection(kept.manifest.origin) === undefined;
    if (isFine) return kept.manifest;
    const found = this.#search.find(key);
    const manifest = found.then((record) => record?.manifest);
    const here = contents ? found.then((record) => record && this.#bring(record)) : undefined;
    // What was brought is looked for in the local store, and what could not be brought is a miss. Where the local store
    // is not believed, the record is kept that was.
    const isEnough = here === undefined || signers !== undefined;
    const record = isEnough ? found : here.then(() => undefined);
    this.#expected.set(key, { manifest, record, here });
    // Whatever was thrown is told to the task when it asks.
    for (const one of [manifest, record, here]) one?.catch(() => {});
    return await manifest;
  }

  async finish(stop: AbortSignal): Promise<void> {
    await this.#sending.finish(stop);
    this.stop();
  }

  stop(): void {
    this.#calls.stop();
  }

  /** Why a kept result is not used: it came under other rules than today's (an older configuration, another scope). */
  #objection(origin: Origin | undefined): string | undefined {
    if (origin === undefined) return undefined;
    const { acceptKeys, readScopes } = this.#options.policy;
    if (!readScopes.includes(origin.scope)) {
      return `its result is from the scope "${origin.scope}", which is not read now`;
    }
    // A signature says who made a result wherever it lay; without one only the place speaks for it.
    if (acceptKeys === undefined) {
      return origin.remote === this.name
        ? undefined
        : `its result is from the cache "${origin.remote}", which is not asked for it now`;
    }
    if (origin.keyId === undefined) return "its result has no signature, which is asked for now";
    const key = acceptKeys.find(({ id }) => id === origin.keyId);
    const isAccepted = key !== undefined && isInTime(key, origin.producer.at);
    return isAccepted ? undefined : `the key ${origin.keyId} of its result is not accepted now`;
  }

  async #bring(record: RemoteRecord): Promise<void> {
    try {
      await this.#adopt(record);
    } catch (error) {
      this.#cannotFetch(record, error);
    }
  }

  async #adopt(record: RemoteRecord): Promise<Hit> {
    await this.#fetching.contents(record);
    const { inline } = record;
    return this.#options.local.adopt({ manifest: this.#manifestOf(record), inline });
  }

  #manifestOf({ manifest, scope, producer, keyId }: RemoteRecord): Manifest {
    const signer = keyId === undefined ? {} : { keyId };
    return { ...manifest, origin: { remote: this.name, scope, ...signer, producer } };
  }

  /** The record is here; its contents are fetched when it is restored. */
  #hitOf(record: RemoteRecord): Hit {
    const { name } = this.#options;
    let inner: Hit | undefined;
    return {
      manifest: this.#manifestOf(record),
      restore: async (place: RestorePlace) => {
        try {
          inner = await this.#adopt(record);
        } catch (error) {
          this.#cannotFetch(record, error);
          const detail = `the result in the cache "${name}" could not be fetched`;
          return { ok: false, reason: "absent", detail };
        }
        return await inner.restore(place);
      },
      replay(onOutput) {
        if (inner === undefined) throw new Error("A log is replayed after its entry was restored");
        inner.replay(onOutput);
      },
    };
  }

  #cannotFetch(record: RemoteRecord, error: unknown): void {
    if (error instanceof RemoteOff) return;
    if (error instanceof Missing) {
      this.#fetching.distrust(record);
      return this.#search.damaged(record, error.message);
    }
    const message = `Cannot keep what the remote cache "${this.name}" has: ${reasonOf(error)}`;
    this.#told.tell({ code: "cache-unwritable", message });
  }
}

/** Why there is no result, where the local store is not believed. */
const UNSIGNED = {
  1: "no signed result of it is known",
  2: "no result of it is known that two keys signed alike",
};

/** A look-up that began before its task asked. */
interface Expected {
  readonly manifest: Promise<Manifest | undefined>;
  /** What is left for the task to fetch itself. */
  readonly record: Promise<RemoteRecord | undefined>;
  /** Ends when all of it is in the local store, or nothing; unset where it is only looked up. */
  readonly here: Promise<void> | undefined;
}
