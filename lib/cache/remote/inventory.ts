import { byCodeUnit } from "../../base/order.ts";
import { QikError } from "../../base/problems.ts";
import type { Problem } from "../../base/problems.ts";
import { sha256 } from "../../sys/digest.ts";
import type { Clock } from "../../sys/sys.ts";
import type { Collected } from "../collection.ts";
import type { Checked, Damage, StoredResult } from "../inventory.ts";
import { Budget } from "./budget.ts";
import { Calls, Oversized, RemoteOff } from "./calls.ts";
import { UNKNOWN_FORMAT } from "./envelope.ts";
import { NO_KEY } from "./keys.ts";
import { type Piece, pieceName, PIECES, readRecord, RECORDS, type RemoteRecord } from "./record.ts";
import { type ListedObject, MOST_OBJECT, type ObjectStore } from "./store.ts";

/** Contents without a record may belong to one that is being uploaded. */
const GRACE_MS = 86_400_000;

/** Time that each listed object adds to the limit, as if it had so many bytes. */
const LISTED_BYTES = 1 << 16;

const REMOVED_AT_ONCE = 64;

/** The name of a record: its scope, its key, and whose signature it carries. */
const RECORD = /^v1\/rec\/(.+)\/([0-9a-f]+)\.([0-9a-f]+)$/;

/** So many records and contents are asked for at once: each may be as large as any object. */
const READS = { calls: 32, bytes: Infinity };

/** A result in a remote, signed by whomever: this is for looking, not for replaying. `files` names its record. */
export interface RemoteResult extends StoredResult {
  /** The key under whose id it stands; its signature was not looked at. Unset: none. */
  readonly namedKey?: string;
  /** Without the contents that stand in it: there may be many thousands of them. */
  readonly record: Omit<RemoteRecord, "inline"> & { readonly bytes: number };
}

export interface InventoryOptions {
  /** Name in `[caches]`. */
  readonly name: string;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** Limits of a collection; unset: none. */
export interface RemoteLimits {
  readonly maxSize?: number | undefined;
  readonly maxAgeMs?: number | undefined;
}

/** Which results are to go: those for which all of it is true. */
export interface PurgeFilter {
  readonly scope?: ((scope: string) => boolean) | undefined;
  /** Id of the key under which they stand; {@link NO_KEY}: under none. */
  readonly keyId?: string | undefined;
  /** Stored at this time or later, by the server's clock. */
  readonly since?: number | undefined;
}

export interface Purged {
  readonly results: number;
  /** Bytes of the records alone. */
  readonly freed: number;
}

function isNamedBy(
  { scope, keyId, since }: PurgeFilter,
  { name, storedAt }: ListedObject,
): boolean {
  const [, of, , by] = RECORD.exec(name) ?? [];
  return of !== undefined && (scope?.(of) ?? true) && (keyId === undefined || by === keyId) &&
    storedAt >= (since ?? -Infinity);
}

/**
 * Looks into a remote and after it. Every method asks the server for a list and for every record.
 *
 * @throws {QikError} `usage` where the protocol has no lists, `remote-off` or `remote-denied` where the server does not
 * answer: unlike in a run that is a failure here.
 */
export class RemoteInventory {
  readonly #options: InventoryOptions;
  readonly #calls: Calls;
  readonly #reads = new Budget(READS);
  #problem: Problem | undefined;

  constructor(options: InventoryOptions) {
    this.#options = options;
    this.#calls = new Calls({
      ...options,
      howLong: "",
      tell: (problem) => void (this.#problem ??= problem),
    });
  }

  get place(): string {
    return this.#options.store.place;
  }

  /** Usable results in the order of their records' names. */
  async results(): Promise<readonly RemoteResult[]> {
    return (await this.#look()).results;
  }

  /** Removes records; contents that no other names go with the next collection. */
  remove(names: readonly string[]): Promise<void> {
    return this.#told(async () => {
      for (let at = 0; at < names.length; at += REMOVED_AT_ONCE) {
        const some = names.slice(at, at + REMOVED_AT_ONCE);
        await this.#calls.call("write", some.length * LISTED_BYTES, async (store, call) => {
          if (store.remove === undefined) throw this.#cannot("remove from");
          await store.remove(some, call);
        });
      }
    });
  }

  /**
   * Fetches everything and compares it with its digests.
   *
   * @param remove What is damaged is removed, and so are records that name it: whoever looks them up makes them anew. A
   * record that this version cannot read stays, it may be of a newer qik.
   */
  async verify(step: (done: number) => void, remove: boolean): Promise<Checked> {
    const { results, damaged } = await this.#look();
    const listed = await this.#list(PIECES);
    const named = results.flatMap(({ record }) => piecesOf(record));
    const names = [...new Set([...named, ...listed.map(({ name }) => name)])].sort(byCodeUnit);
    let done = 0;
    const checked = await Promise.all(names.map(async (name) => {
      const detail = await this.#wrong(name);
      step(done += 1);
      return { name, detail };
    }));
    const wrong = new Map(
      checked.flatMap(({ name, detail }) => detail === undefined ? [] : [[name, detail] as const]),
    );
    const broken = results.filter(({ record }) => piecesOf(record).some((name) => wrong.has(name)));
    const found: readonly Damage[] = [
      ...damaged.map((one) => ({ ...one, removed: remove && one.detail !== UNKNOWN_FORMAT })),
      ...[...wrong].map(([file, detail]) => ({
        file,
        detail,
        removed: remove && detail !== MISSING,
      })),
      ...broken.map(({ files: [file], manifest: { task } }) => ({
        file: file!,
        detail: `It is a result of "${task}", and names contents that are damaged`,
        removed: remove,
      })),
    ];
    await this.remove(found.filter(({ removed }) => removed).map(({ file }) => file));
    return { entries: results.length, contents: names.length, damaged: found };
  }

  async #wrong(name: string): Promise<string | undefined> {
    const bytes = await this.#read(name, MOST_OBJECT);
    if (bytes === undefined) return MISSING;
    const isSound = bytes !== "large" && pieceName(sha256(bytes)) === name;
    return isSound ? undefined : "It is not what was stored";
  }

  /**
   * Removes every record that a filter names, whether it can be read or not; contents go with the next collection.
   *
   * @param dryRun Only says what would go.
   */
  async purge(filter: PurgeFilter, dryRun: boolean): Promise<Purged> {
    const records = (await this.#list(RECORDS)).filter((object) => isNamedBy(filter, object));
    if (!dryRun) await this.remove(records.map(({ name }) => name));
    return {
      results: records.length,
      freed: records.reduce((sum, { size }) => sum + size, 0),
    };
  }

  /**
   * Removes what is too old or too much, oldest first, and contents that no record names. Where a record cannot be
   * read it stays, and so do all contents: it may be of a newer qik.
   */
  async collect({ maxSize = Infinity, maxAgeMs = Infinity }: RemoteLimits): Promise<Collected> {
    const { results, damaged } = await this.#look();
    const pieces = await this.#list(PIECES);
    const now = this.#options.clock.now();
    const kept = [...results].sort((a, b) => b.usedAt - a.usedAt);
    const removed: RemoteResult[] = [];
    const size = new SharedSize(kept);
    while (kept.length > 0) {
      const isOld = kept.at(-1)!.usedAt < now - maxAgeMs;
      if (!isOld && size.bytes <= maxSize) break;
      const oldest = kept.pop()!;
      removed.push(oldest);
      size.leave(oldest);
    }
    const named = new Set(kept.flatMap(({ record }) => piecesOf(record)));
    const orphans = damaged.length > 0
      ? []
      : pieces.filter(({ name, storedAt }) => !named.has(name) && storedAt < now - GRACE_MS);
    await this.remove(removed.flatMap(({ files }) => files));
    await this.remove(orphans.map(({ name }) => name));
    const freed = removed.reduce((sum, { record }) => sum + record.bytes, 0) +
      orphans.reduce((sum, { size }) => sum + size, 0);
    return {
      entries: removed.length,
      blobs: orphans.length,
      leftovers: 0,
      freed,
      left: size.bytes,
    };
  }

  async #look(): Promise<{ readonly results: RemoteResult[]; readonly damaged: Damage[] }> {
    const listed = (await this.#list(RECORDS)).sort((a, b) => byCodeUnit(a.name, b.name));
    const damaged: Damage[] = [];
    const read = await Promise.all(listed.map(async (object) => {
      const found = await this.#record(object);
      if (typeof found !== "string") return found;
      damaged.push({ file: object.name, detail: found, removed: false });
      return undefined;
    }));
    return { results: read.filter((one) => one !== undefined), damaged };
  }

  async #record({ name, size, storedAt }: ListedObject): Promise<RemoteResult | string> {
    const [, scope, key, keyId] = RECORD.exec(name) ?? [];
    if (scope === undefined || key === undefined) return "It has no name of a record";
    const bytes = await this.#read(name, MOST_OBJECT);
    if (bytes === undefined || bytes === "large") return "It is no record of qik";
    const record = await readRecord(bytes, { name, key, scope });
    if (typeof record === "string") return record;
    const sizeBytes = size +
      [...record.pieces.values()].flat().reduce((sum, { stored }) => sum + stored, 0);
    const { inline: _, ...rest } = record;
    const { scope: of, producer } = rest;
    return {
      // Whose signature it carries is not asked here: nothing is replayed.
      manifest: { ...record.manifest, origin: { remote: this.#options.name, scope: of, producer } },
      usedAt: storedAt,
      sizeBytes,
      files: [name],
      ...(keyId !== NO_KEY && { namedKey: keyId! }),
      record: { ...rest, bytes: size },
    };
  }

  /** One after the other where many are asked for: its time limit begins with its turn. */
  #read(name: string, most: number): Promise<Uint8Array | "large" | undefined> {
    return this.#reads.within(
      0,
      () =>
        this.#told(() =>
          this.#calls.read(name, most).catch((error) => {
            if (error instanceof Oversized) return "large" as const;
            throw error;
          })
        ),
    );
  }

  #list(prefix: string): Promise<ListedObject[]> {
    return this.#told(() =>
      this.#calls.call("read", 0, async (store, call, moved) => {
        if (store.list === undefined) throw this.#cannot("look into");
        const objects: ListedObject[] = [];
        for await (const object of store.list(prefix, call)) {
          moved(LISTED_BYTES);
          objects.push(object);
        }
        return objects;
      })
    );
  }

  #cannot(verb: string): QikError {
    const { name, store } = this.#options;
    return new QikError({
      code: "usage",
      message:
        `Cannot ${verb} the remote cache "${name}" (${store.place}): its protocol has no such call`,
      hint: "Only caches in S3 and GCS can be looked into and looked after from here",
    });
  }

  async #told<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof RemoteOff && this.#problem !== undefined) {
        const isDenied = this.#problem.code === "remote-denied";
        const hint = `Check ${isDenied ? "the credentials" : "its address and the network"}`;
        throw new QikError({ ...this.#problem, hint });
      }
      throw error;
    }
  }
}

const MISSING = "It is missing";

function piecesOf({ pieces }: Pick<RemoteRecord, "pieces">): string[] {
  return piecesIn({ pieces }).map(({ name }) => pieceName(name));
}

function piecesIn({ pieces }: Pick<RemoteRecord, "pieces">): readonly Piece[] {
  return [...pieces.values()].flat();
}

/** Of records, and of contents once however many records share them. */
class SharedSize {
  bytes = 0;
  readonly #records = new Map<string, number>();

  constructor(results: readonly RemoteResult[]) {
    for (const { record } of results) {
      this.bytes += record.bytes;
      for (const { name, stored } of piecesIn(record)) {
        const count = this.#records.get(name) ?? 0;
        if (count === 0) this.bytes += stored;
        this.#records.set(name, count + 1);
      }
    }
  }

  leave({ record }: RemoteResult): void {
    this.bytes -= record.bytes;
    for (const { name, stored } of piecesIn(record)) {
      const count = this.#records.get(name)! - 1;
      if (count === 0) this.bytes -= stored;
      this.#records.set(name, count);
    }
  }
}
