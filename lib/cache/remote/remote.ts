import type { Problem } from "../../base/problems.ts";
import type { Clock, Files } from "../../sys/sys.ts";
import { reasonOf } from "../blobs.ts";
import type {
  Cache,
  Hit,
  Lookup,
  Origin,
  Producer,
  PutOutcome,
  RestorePlace,
  TaskResult,
} from "../cache.ts";
import type { LocalCache } from "../local.ts";
import { Budget } from "./budget.ts";
import { Calls, Oversized, RemoteOff } from "./calls.ts";
import { Fetching, Missing } from "./fetching.ts";
import { type AcceptKey, NO_KEY, type SignKey } from "./keys.ts";
import { contentsOf, readRecord, recordName, type RemoteRecord, writeRecord } from "./record.ts";
import { MOST_OBJECT, type ObjectStore } from "./store.ts";
import { NotUploaded, Uploads } from "./uploads.ts";

/** So many calls and bytes are under way at once, for looking up and for each direction of contents. */
const LOOKUPS = { calls: 128, bytes: Infinity };
const CONTENTS = { calls: 64, bytes: 1 << 26 };
const RECORDS_UNDER_WAY = { calls: 64, bytes: Infinity };

/** So many unusable records are looked at before the remote is given up: each may cost its full size. */
const MOST_DAMAGED = 20;

const SHORTEST_SECRET = 8;

/** What this run may do with a remote, already decided; see `trust.ts`. */
export interface RemotePolicy {
  readonly reads: boolean;
  readonly writes: boolean;
  /** Where this run's entries go. */
  readonly scope: string;
  /** Where entries are looked for, the first that has one wins. */
  readonly readScopes: readonly string[];
  readonly signKey?: SignKey | undefined;
  /** Unset: entries need no signature. Empty: none is used. */
  readonly acceptKeys?: readonly AcceptKey[] | undefined;
  readonly producer: Omit<Producer, "at">;
}

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
   * Starts looking these keys up, all at the same time. With `contents` what is found comes into the local store,
   * without it only into memory.
   */
  expect(keys: readonly string[], contents: boolean): Promise<void>;
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
  readonly #uploads: Uploads;
  readonly #lookups = new Budget(LOOKUPS);
  readonly #records = new Budget(RECORDS_UNDER_WAY);
  readonly #expected = new Map<string, Promise<void>>();
  readonly #looked = new Map<string, Promise<RemoteRecord | undefined>>();
  readonly #waiting = new Map<string, Promise<void>>();
  /** Names of records that cannot be used and have to make room for those of this run. */
  readonly #unusable = new Set<string>();
  readonly #told = new Set<string>();
  #damaged = 0;

  constructor(options: RemoteOptions) {
    const { name, store, clock, timeoutMs, local, files, temporary, maxEntry } = options;
    this.name = name;
    this.#options = options;
    const tell = (problem: Problem) => this.#tell(problem.code, problem);
    this.#calls = new Calls({ name, store, clock, timeoutMs, tell });
    const calls = this.#calls;
    this.#fetching = new Fetching({ calls, local, files, temporary, budget: new Budget(CONTENTS) });
    const budget = new Budget(CONTENTS);
    const unsound = this.#fetching.unsound;
    const secrets = () => this.#secrets();
    this.#uploads = new Uploads({ calls, local, files, budget, maxEntry, secrets, unsound });
  }

  async get(key: string): Promise<Lookup> {
    await this.#expected.get(key);
    const kept = await this.#options.local.get(key);
    if (kept.found && this.#isAccepted(kept.hit.manifest.origin)) return kept;
    const isSettled = this.#expected.has(key);
    const record = isSettled ? undefined : await (this.#looked.get(key) ?? this.#find(key));
    if (record !== undefined) return { found: true, hit: this.#hitOf(record) };
    return kept.found ? { found: false, reason: "absent" } : kept;
  }

  async put(result: TaskResult): Promise<PutOutcome> {
    const outcome = await this.#options.local.put(result);
    if (outcome.stored) this.#upload(result.key, result.task);
    return outcome;
  }

  async expect(keys: readonly string[], contents: boolean): Promise<void> {
    const { local } = this.#options;
    const wanted = keys.filter((key) => {
      if (this.#expected.has(key)) return false;
      const kept = local.entry(key);
      return kept === undefined || !this.#isAccepted(kept.manifest.origin);
    });
    for (const key of wanted) {
      if (contents) this.#expected.set(key, this.#bring(key));
      else this.#looked.set(key, this.#find(key));
    }
    await Promise.all(wanted.map((key) => (contents ? this.#expected : this.#looked).get(key)));
  }

  async finish(stop: AbortSignal): Promise<void> {
    const { clock, uploadWaitMs, name } = this.#options;
    if (this.#waiting.size === 0) return;
    let cancel = () => {};
    const over = new Promise<"over">((resolve) => {
      cancel = clock.after(uploadWaitMs, () => resolve("over"));
      stop.addEventListener("abort", () => resolve("over"));
      if (stop.aborted) resolve("over");
    });
    await Promise.race([Promise.all([...this.#waiting.values()]), over]);
    cancel();
    const left = this.#waiting.size;
    const off = this.#calls.isOff("write");
    this.stop();
    if (left === 0 || off) return;
    const results = left === 1 ? "1 result" : `${left} results`;
    const message = `Did not upload ${results} to the remote cache "${name}": ` +
      (stop.aborted ? "the run was stopped" : `it took longer than ${uploadWaitMs} ms`);
    this.#tell("remote-late", { code: "remote-late", message });
  }

  stop(): void {
    this.#calls.stop();
  }

  /** What came under other rules than today's (an older configuration, another scope) is not used. */
  #isAccepted(origin: Origin | undefined): boolean {
    if (origin === undefined) return true;
    const { acceptKeys, readScopes } = this.#options.policy;
    if (origin.remote === this.name && !readScopes.includes(origin.scope)) return false;
    if (acceptKeys === undefined) return true;
    const key = acceptKeys.find(({ id }) => id === origin.keyId);
    return key !== undefined && !(key.until !== undefined && origin.producer.at > key.until);
  }

  async #bring(key: string): Promise<void> {
    const record = await this.#find(key);
    if (record === undefined) return;
    try {
      await this.#adopt(record);
    } catch (error) {
      this.#cannotFetch(record, error);
    }
  }

  /** The first record of the scopes and keys in their order; all are asked for at once. */
  async #find(key: string): Promise<RemoteRecord | undefined> {
    const { reads, readScopes, acceptKeys, signKey } = this.#options.policy;
    if (!reads || this.#calls.isOff("read")) return undefined;
    const own = signKey === undefined ? [] : [{ id: signKey.id, accept: undefined }];
    const signers = acceptKeys === undefined
      ? [...own, { id: NO_KEY, accept: undefined }]
      : acceptKeys.map((accept) => ({ id: accept.id, accept }));
    const questions = readScopes.flatMap((scope) =>
      signers.map(({ id, accept }) => ({ name: recordName(scope, key, id), key, scope, accept }))
    );
    const asked = questions.map((question) =>
      this.#lookups.within(0, () => this.#ask(question)).catch(offIsAbsent)
    );
    // The answers behind the one that wins are not waited for.
    for (const one of asked) one.catch(() => {});
    for (const one of asked) {
      const record = await one;
      if (record !== undefined) return record;
    }
    return undefined;
  }

  async #ask(
    question: {
      readonly name: string;
      readonly key: string;
      readonly scope: string;
      readonly accept: AcceptKey | undefined;
    },
  ): Promise<RemoteRecord | undefined> {
    let wrong: string | undefined;
    try {
      const bytes = await this.#calls.read(question.name, MOST_OBJECT);
      if (bytes === undefined) return undefined;
      const record = await readRecord(bytes, question);
      if (typeof record !== "string") return this.#isSmallEnough(record) ? record : undefined;
      wrong = record;
    } catch (error) {
      if (!(error instanceof Oversized)) throw error;
      wrong = "it is larger than any record";
    }
    this.#unusable.add(question.name);
    this.#tellDamaged(wrong);
    return undefined;
  }

  #isSmallEnough({ manifest }: RemoteRecord): boolean {
    const sum = [...contentsOf(manifest).values()].reduce((all, size) => all + size, 0);
    return sum <= this.#options.maxEntry;
  }

  async #adopt(record: RemoteRecord): Promise<void> {
    await this.#fetching.contents(record);
    const { manifest, inline } = record;
    this.#options.local.adopt({
      manifest: { ...manifest, origin: this.#originOf(record) },
      inline,
    });
  }

  #originOf({ scope, producer, keyId }: RemoteRecord): Origin {
    return { remote: this.name, scope, ...(keyId !== undefined && { keyId }), producer };
  }

  /** The record is here; its contents are fetched when it is restored. */
  #hitOf(record: RemoteRecord): Hit {
    const { local, name } = this.#options;
    let inner: Hit | undefined;
    return {
      manifest: { ...record.manifest, origin: this.#originOf(record) },
      restore: async (place: RestorePlace) => {
        try {
          await this.#adopt(record);
        } catch (error) {
          this.#cannotFetch(record, error);
          const detail = `the result in the cache "${name}" could not be fetched`;
          return { ok: false, reason: "absent", detail };
        }
        const found = await local.get(record.key);
        if (!found.found) {
          return { ok: false, reason: "absent", detail: "the local store lost it at once" };
        }
        inner = found.hit;
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
    if (!(error instanceof Missing)) {
      const message = `Cannot keep what the remote cache "${this.name}" has: ${reasonOf(error)}`;
      return this.#tell("local", { code: "cache-unwritable", message });
    }
    this.#unusable.add(record.name);
    this.#tellDamaged(error.message);
  }

  #upload(key: string, task: string): void {
    const { policy } = this.#options;
    if (!policy.writes || this.#calls.isOff("write") || this.#waiting.has(key)) return;
    const sent = this.#records.within(0, () => this.#send(key))
      .catch((error) => this.#cannotUpload(task, error))
      .finally(() => this.#waiting.delete(key));
    this.#waiting.set(key, sent);
  }

  /** Contents first, the record last: whoever finds the record finds all that it names. */
  async #send(key: string): Promise<void> {
    if (this.#calls.isOff("write")) throw new RemoteOff();
    const { local, policy, clock } = this.#options;
    const { scope, signKey } = policy;
    const entry = local.entry(key);
    if (entry === undefined) {
      throw new NotUploaded("broken", "it is not in the local store any more");
    }
    const contents = await this.#uploads.contents(entry);
    const { origin: _, ...manifest } = entry.manifest;
    const producer = { at: clock.now(), ...policy.producer };
    const name = recordName(scope, key, signKey?.id ?? NO_KEY);
    const bytes = await writeRecord({ name, key, scope, producer, manifest, ...contents }, signKey);
    if (bytes === undefined) throw new NotUploaded("large", "its record is too long");
    const replace = this.#unusable.has(name);
    await this.#calls.call(
      "write",
      bytes.length,
      (store, call) => store.put(name, bytes, { ...call, replace }),
    );
  }

  #cannotUpload(task: string, error: unknown): void {
    if (error instanceof RemoteOff) return;
    const why = error instanceof NotUploaded ? error.why : "broken";
    const code = why === "secret" ? "remote-secret" : "remote-kept-back";
    const message = `Did not upload "${task}" to the remote cache "${this.name}": ${
      reasonOf(error)
    }`;
    this.#tell(`${code} ${why}`, { code, message });
  }

  #tellDamaged(detail: string): void {
    this.#damaged += 1;
    if (this.#damaged === MOST_DAMAGED) this.#calls.giveUp("read");
    const message = `Cannot use an entry of the remote cache "${this.name}": ${detail}`;
    this.#tell("remote-damaged", { code: "remote-damaged", message });
  }

  /** Each kind once a run, and never with a secret in it. */
  #tell(kind: string, problem: Problem): void {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    let { message } = problem;
    for (const secret of this.#secrets()) message = message.replaceAll(secret, "***");
    this.#options.tell({ ...problem, message });
  }

  /** Short texts are no secrets: they would be found everywhere. */
  #secrets(): string[] {
    const { store, policy: { signKey } } = this.#options;
    const all = [...(store.secrets ?? []), ...(signKey === undefined ? [] : [signKey.secret])];
    return all.filter((secret) => secret.length >= SHORTEST_SECRET);
  }
}

function offIsAbsent(error: unknown): undefined {
  if (!(error instanceof RemoteOff)) throw error;
}
