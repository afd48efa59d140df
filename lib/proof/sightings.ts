import { parentPath } from "../base/paths.ts";
import type { Artifact, Cache, Lookup, Manifest, PutOutcome, TaskResult } from "../cache/cache.ts";
import type { Entry } from "../cache/entry.ts";
import { STAGED } from "../cache/walk.ts";
import { namesDigest } from "../git/rescan.ts";
import { bulkLstat, newStatRows, type StatRows } from "../sys/bulk_stat.ts";
import type { Files, Stat } from "../sys/sys.ts";
import { isSameAsRow, isSameStat } from "./same_stat.ts";
import type { Asked } from "./witness.ts";

/** What was asked about files to find, or to store, a result that had nothing to be restored of then. */
export interface Sighting {
  readonly manifest: Manifest;
  readonly log: Uint8Array;
  readonly asked: ReadonlyMap<string, Asked>;
}

/** More questions than this are not remembered; half a kilobyte each. */
const MOST_QUESTIONS = 20_000;

/**
 * Remembers what the look-ups and storings of a run asked about files, for the proof at its end: where all answers are
 * the same then, looking up again would find the same and have nothing to restore. It took a third of what is left to
 * do after the last task.
 */
export class Sightings {
  /** To be used by the cache that is watched. */
  readonly files: Files;
  readonly #seen = new Map<string, Sighting>();
  #room = MOST_QUESTIONS;
  /** Set while the cache answers. It asks all its questions before it waits for anything. */
  #now: Looking | undefined;

  constructor(private readonly inner: Files, private readonly root: string) {
    this.files = {
      ...inner,
      lstat: (path) => (this.#now ?? inner).lstat(path),
      list: (path) => (this.#now ?? inner).list(path),
      readLink: (path) => (this.#now ?? inner).readLink(path),
      openReader: (path) => (this.#now?.opened.add(path), inner.openReader(path)),
      stat: (path) => (this.#now?.spoil(), inner.stat(path)),
      realPath: (path) => (this.#now?.spoil(), inner.realPath(path)),
    };
  }

  /** The cache, watched. */
  watch(cache: Cache): Cache {
    return {
      ...cache,
      get: (key) => this.#get(cache, key),
      put: (result) => this.#put(cache, result),
    };
  }

  /** To be told by the cache which entry it found or stored, and where. */
  readonly saw = (entry: Entry, file: string): void => this.#now?.saw(entry, file);

  /** Of some keys what holds still: one lstat for each path. */
  holding(keys: Iterable<string>): ReadonlyMap<string, Sighting> {
    const found = [...keys].flatMap((key) => this.#seen.has(key) ? [this.#seen.get(key)!] : []);
    const paths = new Map<string, number>();
    for (const { asked } of found) {
      for (const path of asked.keys()) if (!paths.has(path)) paths.set(path, paths.size);
    }
    const rows = newStatRows(paths.size);
    const failed = bulkLstat("", [...paths.keys()].map((path) => path.slice(1)), rows);
    if (failed.length > 0) return new Map();
    const holds = (asked: Sighting["asked"]) => {
      for (const [path, one] of asked) if (!isStill(one, rows, paths.get(path)!)) return false;
      return true;
    };
    return new Map(
      found.filter(({ asked }) => holds(asked)).map((one) => [one.manifest.key, one]),
    );
  }

  async #get(cache: Cache, key: string): Promise<Lookup> {
    const looking = new Looking(this.inner, this.root);
    const lookup = await this.#during(looking, () => cache.get(key));
    if (!lookup.found) return lookup;
    const { hit } = lookup;
    const restore: typeof hit.restore = async (place) => {
      // What git has may be another matter at the end.
      const isTracked = (path: string) => (looking.spoil(), place.isTracked(path));
      const outcome = await this.#during(looking, () => hit.restore({ ...place, isTracked }));
      const isDone = outcome.ok && outcome.written + outcome.removed === 0 &&
        hit.manifest.exit === 0;
      this.#keep(key, isDone ? looking.found() : undefined);
      return outcome;
    };
    return { found: true, hit: { ...hit, restore } };
  }

  async #put(cache: Cache, result: TaskResult): Promise<PutOutcome> {
    const looking = new Looking(this.inner, this.root);
    const outcome = await this.#during(looking, () => cache.put(result));
    this.#keep(result.key, outcome.stored && result.exit === 0 ? looking.stored() : undefined);
    return outcome;
  }

  #during<Answer>(looking: Looking, ask: () => Promise<Answer>): Promise<Answer> {
    this.#now = looking;
    try {
      return ask();
    } finally {
      this.#now = undefined;
    }
  }

  #keep(key: string, sighting: Sighting | undefined): void {
    this.#room += this.#seen.get(key)?.asked.size ?? 0;
    this.#seen.delete(key);
    if (sighting === undefined || sighting.asked.size > this.#room) return;
    this.#room -= sighting.asked.size;
    this.#seen.set(key, sighting);
  }
}

/** One look-up or storing. */
class Looking {
  readonly opened = new Set<string>();
  readonly #asked = new Map<string, Asked>();
  #manifest: Manifest | undefined;
  #log: Uint8Array | undefined;
  #file = "";
  #spoilt = false;

  constructor(private readonly files: Files, private readonly root: string) {}

  /** Something that cannot be compared at the end. */
  spoil(): void {
    this.#spoilt = true;
  }

  saw({ manifest, inline }: Entry, file: string): void {
    this.#manifest = manifest;
    this.#file = file;
    this.#log = manifest.log.size === 0 ? new Uint8Array() : inline.get(manifest.log.digest);
  }

  lstat(path: string): Stat | undefined {
    const stat = this.#answer(() => this.files.lstat(path));
    const asked = this.#of(path);
    if (asked.lstat === undefined) asked.lstat = stat ?? null;
    else if (!isSameStat(asked.lstat, stat ?? null)) this.spoil();
    return stat;
  }

  /** Before its names the directory itself: whether they are others will show in it. */
  list(path: string): ReturnType<Files["list"]> {
    if (this.#asked.get(path)?.lstat === undefined) this.lstat(path);
    const entries = this.#answer(() => this.files.list(path));
    // Left by one that was killed: removed one day.
    if (entries?.some(({ name }) => name.startsWith(STAGED))) this.spoil();
    this.#of(path).names = entries === undefined ? null : namesDigest(entries);
    return entries;
  }

  readLink(path: string): string {
    return this.#of(path).link = this.#answer(() => this.files.readLink(path));
  }

  found(): Sighting | undefined {
    return this.#sighting((path) => this.opened.has(path));
  }

  /** What was asked in the store was to write there. Of artifacts, all have been read. */
  stored(): Sighting | undefined {
    // Of the store of another checkout it is not known who else wrote this entry.
    if (!this.#file.startsWith(`${this.root}/._qik/`)) return undefined;
    const store = this.#file.slice(0, this.#file.lastIndexOf("/v1/") + 1);
    for (const path of this.#asked.keys()) if (path.startsWith(store)) this.#asked.delete(path);
    this.lstat(this.#file);
    return this.#sighting(() => true);
  }

  /** Completed by what a restore asks; only if all is in place, and with a log that needs no look into the store. */
  #sighting(isRead: (path: string) => boolean): Sighting | undefined {
    const [manifest, log] = [this.#manifest, this.#log];
    if (manifest === undefined || log === undefined) return undefined;
    for (const artifact of manifest.artifacts) {
      for (let above = parentPath(artifact.path); above !== ""; above = parentPath(above)) {
        if (this.#known(`${this.root}/${above}`)?.kind !== "directory") return undefined;
      }
      const path = `${this.root}/${artifact.path}`;
      if (!isInPlace(artifact, this.#known(path))) return undefined;
      if (artifact.kind === "file" && isRead(path)) this.#of(path).content = artifact.content;
    }
    return this.#spoilt ? undefined : { manifest, log, asked: this.#asked };
  }

  #known(path: string): Stat | null | undefined {
    return this.#asked.get(path)?.lstat ?? this.lstat(path);
  }

  #of(path: string): Asked {
    let asked = this.#asked.get(path);
    if (asked === undefined) this.#asked.set(path, asked = {});
    return asked;
  }

  #answer<Answer>(ask: () => Answer): Answer {
    try {
      return ask();
    } catch (error) {
      this.spoil();
      throw error;
    }
  }
}

function isInPlace({ kind, mode, size }: Artifact, stat: Stat | null | undefined): boolean {
  if (stat === undefined || stat === null) return false;
  if (kind === "link") return stat.kind === "symlink";
  if (kind === "directory") return stat.kind === "directory" && (stat.mode & 0o777) === mode;
  return stat.kind === "file" && stat.mode === mode && stat.size === size;
}

/** Whether a row says what was answered earlier. */
function isStill({ lstat, names }: Asked, rows: StatRows, row: number): boolean {
  return lstat !== undefined && isSameAsRow(lstat, rows, row, names !== undefined);
}
