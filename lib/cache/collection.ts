import type { Clock, DirectoryEntry, Files, Stat } from "../sys/sys.ts";
import { attempt } from "./blobs.ts";
import type { Manifest } from "./cache.ts";
import { readEntry } from "./entry.ts";
import { STAGED } from "./walk.ts";

/** What was touched within this time may be in use by a run, here or in another process. */
const IN_USE_MS = 3_600_000;

export interface CollectionRequest {
  readonly files: Files;
  readonly clock: Clock;
  /** Absolute: the store that `openLocalCache` was given. */
  readonly dir: string;
  /** Absolute: where else files are put in place at once, and a process that is killed leaves half of one. */
  readonly beside?: readonly string[];
  /** Bytes that entries and contents may take together. */
  readonly maxSize: number;
  readonly maxAgeMs: number;
}

/** What a collection removed, and the bytes that are left. */
export interface Collected {
  readonly entries: number;
  readonly blobs: number;
  /** Files that a process left half-written when it was killed. */
  readonly leftovers: number;
  readonly freed: number;
  readonly left: number;
}

/** One file of the store. */
interface Item {
  readonly path: string;
  readonly name: string;
  readonly size: number;
  readonly touchedMs: number;
}

interface EntryItem extends Item {
  readonly blobs: readonly string[];
  readonly why: Item | undefined;
}

/**
 * Makes the local store small and young enough: removes entries that were not used for `maxAgeMs`, then the
 * least recently used ones until the rest fits, then contents that no entry names any more.
 *
 * Keeps whatever was touched in the last hour, or at a time that is yet to come, so a run under way loses
 * nothing. Reads every entry once. What cannot be removed is left.
 */
export function collect(request: CollectionRequest): Collected {
  return new Collection(request).run();
}

class Collection {
  #entries = 0;
  #blobs = 0;
  #leftovers = 0;
  #freed = 0;
  readonly #home: string;
  readonly #oldest: number;
  readonly #inUse: number;

  constructor(readonly request: CollectionRequest) {
    const now = request.clock.now();
    this.#home = `${request.dir}/v1`;
    this.#inUse = now - IN_USE_MS;
    this.#oldest = Math.min(this.#inUse, now - request.maxAgeMs);
  }

  run(): Collected {
    const blobs = new Map<string, Item>();
    for (const item of this.#filesOf("blobs")) {
      if (/^[0-9a-f]{64}$/.test(item.name)) blobs.set(item.name, item);
      else this.#removeLeftover(item);
    }
    const entries = this.#readEntries();
    const users = countUsers(entries);
    let size = [...blobs.values()].reduce((sum, blob) => sum + blob.size, 0);
    for (const entry of entries) size += sizeOf(entry);
    entries.sort((a, b) => a.touchedMs - b.touchedMs);
    for (const entry of entries) {
      if (entry.touchedMs >= this.#inUse) break;
      if (size <= this.request.maxSize && entry.touchedMs >= this.#oldest) break;
      if (this.#removeEntry(entry)) size -= sizeOf(entry) + this.#release(entry, users, blobs);
    }
    for (const [digest, blob] of blobs) {
      if (!users.has(digest)) size -= this.#removeBlob(blob);
    }
    this.#sweep();
    const [removed, contents, leftovers] = [this.#entries, this.#blobs, this.#leftovers];
    return { entries: removed, blobs: contents, leftovers, freed: this.#freed, left: size };
  }

  /** Removes what was never completed, and lists of the keys of tasks that are no more. */
  #sweep(): void {
    for (const item of this.#list(`${this.#home}/tmp`)) this.#removeLeftover(item);
    const tasks = `${this.#home}/tasks`;
    for (const directory of [tasks, this.request.dir, ...this.request.beside ?? []]) {
      for (const item of this.#list(directory)) {
        if (item.name.startsWith(STAGED)) this.#removeLeftover(item);
        else if (directory === tasks && item.touchedMs < this.#oldest) this.#remove(item);
      }
    }
  }

  /** All readable entries; damaged ones, explanations without an entry and leftovers go at once. */
  #readEntries(): EntryItem[] {
    const items = new Map(this.#filesOf("entries").map((item) => [item.name, item]));
    const entries: EntryItem[] = [];
    for (const item of items.values()) {
      const [, key, kind] = /^([0-9a-f]+)\.(json|why)$/.exec(item.name) ?? [];
      if (key !== undefined && kind === "why" && items.has(`${key}.json`)) continue;
      const blobs = kind === "json" ? this.#blobsOf(item, key!) : undefined;
      if (blobs === undefined) this.#removeLeftover(item);
      else entries.push({ ...item, blobs, why: items.get(`${key}.why`) });
    }
    return entries;
  }

  #blobsOf(item: Item, key: string): string[] | undefined {
    let manifest: Manifest | undefined;
    attempt(() => {
      const bytes = this.request.files.read(item.path);
      const entry = bytes === undefined ? undefined : readEntry(bytes, key);
      if (typeof entry === "object") manifest = entry.manifest;
    });
    if (manifest === undefined) return undefined;
    return [manifest.log.digest, ...manifest.artifacts.map(({ content }) => content)];
  }

  #removeEntry(entry: EntryItem): boolean {
    if (!this.#remove(entry)) return false;
    if (entry.why !== undefined) this.#remove(entry.why);
    this.#entries += 1;
    return true;
  }

  /** Forgets an entry's hold on its contents and removes those that nobody else holds; answers their size. */
  #release(entry: EntryItem, users: Map<string, number>, blobs: Map<string, Item>): number {
    let freed = 0;
    for (const digest of entry.blobs) {
      const others = (users.get(digest) ?? 1) - 1;
      users.set(digest, others);
      if (others > 0) continue;
      users.delete(digest);
      const blob = blobs.get(digest);
      blobs.delete(digest);
      if (blob !== undefined) freed += this.#removeBlob(blob);
    }
    return freed;
  }

  #removeBlob(blob: Item): number {
    if (blob.touchedMs >= this.#inUse || !this.#remove(blob)) return 0;
    this.#blobs += 1;
    return blob.size;
  }

  #removeLeftover(item: Item): void {
    if (item.touchedMs < this.#inUse && this.#remove(item)) this.#leftovers += 1;
  }

  /** Removes a file unless somebody has touched it since it was looked at. */
  #remove(item: Item): boolean {
    let removed = false;
    attempt(() => {
      const stat = this.request.files.lstat(item.path);
      if (stat !== undefined && touchedAt(stat) !== item.touchedMs) return;
      this.request.files.remove(item.path);
      this.#freed += item.size;
      removed = true;
    });
    return removed;
  }

  #filesOf(part: "entries" | "blobs"): Item[] {
    const shelves = this.#names(`${this.#home}/${part}`);
    return shelves.flatMap(({ name }) => this.#list(`${this.#home}/${part}/${name}`));
  }

  #list(directory: string): Item[] {
    const items: Item[] = [];
    for (const { name } of this.#names(directory)) {
      const path = `${directory}/${name}`;
      attempt(() => {
        const stat = this.request.files.lstat(path);
        if (stat === undefined || stat.kind === "directory") return;
        items.push({ path, name, size: stat.size, touchedMs: touchedAt(stat) });
      });
    }
    return items;
  }

  #names(directory: string): readonly DirectoryEntry[] {
    let names: readonly DirectoryEntry[] = [];
    attempt(() => names = this.request.files.list(directory) ?? []);
    return names;
  }
}

function countUsers(entries: readonly EntryItem[]): Map<string, number> {
  const users = new Map<string, number>();
  for (const { blobs } of entries) {
    for (const digest of blobs) users.set(digest, (users.get(digest) ?? 0) + 1);
  }
  return users;
}

function sizeOf({ size, why }: EntryItem): number {
  return size + (why?.size ?? 0);
}

function touchedAt({ mtimeNs }: Stat): number {
  return Number(mtimeNs / 1_000_000n);
}
