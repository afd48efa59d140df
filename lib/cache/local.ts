import { sha256 } from "../sys/digest.ts";
import type { Clock, Files, Reader, Stat } from "../sys/sys.ts";
import {
  attempt,
  type Blobs,
  discard,
  openBlobs,
  reasonOf,
  type Stored,
  writeStored,
} from "./blobs.ts";
import type {
  Artifact,
  Cache,
  CapturedLog,
  Hit,
  Lookup,
  Manifest,
  PutOutcome,
  RestoreOutcome,
  RestorePlace,
  TaskResult,
} from "./cache.ts";
import {
  type Entry,
  INLINE,
  MOST_BYTES,
  MOST_INLINE,
  MOST_WHY,
  readEntry,
  writeEntry,
} from "./entry.ts";
import { latestKeys, recordExplanation, rememberKey } from "./explain.ts";
import { type ContentSink, gatherArtifacts } from "./gather.ts";
import { obstacleOf, outcomeOf, putOutcomeOf } from "./outcomes.ts";
import { checkPrecious } from "./precious.ts";
import { replayTurns } from "./replay.ts";
import { carryOut, type Contents, Damaged, openLog, type Room, verifyContents } from "./restore.ts";
import { Conflict, planRestore, type RestorePlan } from "./restore_plan.ts";
import { fileNameOf } from "./repo_files.ts";
import { openStatMemo, type StatMemo } from "./stat_memo.ts";

/**
 * A collection keeps what was touched in the last hour. An entry is touched when it is read and was not
 * within the last half of one, so that a run has at least the other half to use what it has found.
 */
const TOUCH_EVERY_MS = 1_800_000;

export interface LocalCacheOptions {
  readonly files: Files;
  readonly clock: Clock;
  /** Absolute: `<root>/._qik/cache`, or what `QIK__CACHE_DIR` says. May be shared between checkouts. */
  readonly dir: string;
  /** Absolute: `<root>/._qik/state`, of this checkout alone. */
  readonly stateDir: string;
  /** Shown in messages; `local` where unset. */
  readonly name?: string;
  /** Told of each entry that was found or stored, and its file. */
  readonly onEntry?: (entry: Entry, file: string) => void;
}

/** A cache on this machine's disk; `save` writes what it learned about the working tree, and never throws. */
export interface LocalCache extends Cache {
  save(): void;
  /** Contents by their digests, for a remote to read and to add. */
  readonly blobs: Blobs;
  /** The whole entry, or `undefined` where there is none that can be used. */
  entry(key: string): Entry | undefined;
  /**
   * Keeps an entry that came from elsewhere. All contents that are not in it must be among the blobs.
   *
   * @returns A hit of this very entry, whatever others store under its key.
   * @throws The system's error.
   */
  adopt(entry: Entry): Hit;
  /**
   * A restore that is planned and verified, for several to be carried out only if all of them can be. Writes nothing and
   * discards nothing.
   *
   * @param placeOf Given what the entry has.
   * @param room Shared by all of them.
   * @returns `undefined` where anything is not as it should be, or where it would displace a file.
   */
  prepare(
    key: string,
    placeOf: (artifacts: readonly Artifact[]) => RestorePlace,
    room: Room,
  ): Promise<Prepared | undefined>;
}

/** See {@link LocalCache.prepare}. */
export interface Prepared {
  readonly artifacts: readonly Artifact[];
  /** @throws The system's error; see {@link carryOut}. */
  carryOut(): void;
}

/** The parts of an open store. */
interface Store extends LocalCacheOptions {
  /** The store's directory with its format. */
  readonly home: string;
  readonly blobs: Blobs;
  readonly memo: StatMemo;
  readonly unique: string;
  /** Counts restores, for temporary names. */
  next(): number;
}

/**
 * Opens the content-addressed store: `<dir>/v1/entries/<2 hex>/<key>.json`, `<dir>/v1/blobs/<2 hex>/<sha256>`.
 *
 * Readers take no lock: a file gets its name when it is complete, an entry after everything that it names.
 * Nothing is flushed to the disk: what a power cut leaves incomplete is found by its digest and is a miss.
 * Makes no directory before the first `put`.
 */
export function openLocalCache(options: LocalCacheOptions): LocalCache {
  const { files, clock, dir, stateDir } = options;
  const home = `${dir}/v1`;
  const unique = crypto.randomUUID().slice(0, 13);
  let count = 0;
  const store: Store = {
    ...options,
    home,
    unique,
    blobs: openBlobs(files, home, unique),
    memo: openStatMemo(
      files,
      clock,
      `${stateDir}/artifacts-${fileNameOf(options.name ?? "local")}`,
    ),
    next: () => count += 1,
  };
  const entryOf = (key: string) => entryAt(store, key);
  return {
    name: options.name ?? "local",
    get: (key) => Promise.resolve(find(store, key)),
    has: (key) => files.lstat(entryFile(store, key)) !== undefined,
    put: (result) => Promise.resolve(keep(store, result)),
    disown({ key }) {
      discard(files, entryFile(store, key));
      return Promise.resolve(undefined);
    },
    save: () => store.memo.save(),
    blobs: store.blobs,
    entry: entryOf,
    prepare: (key, placeOf, room) =>
      prepared(store, entryFile(store, key), entryOf(key), placeOf, room),
    adopt(entry) {
      const { key, task } = entry.manifest;
      writeStored(files, entryFile(store, key), writeEntry(entry));
      rememberKey({ files, dir, task }, key);
      return hitOf(store, entry, entryFile(store, key));
    },
  };
}

/** Where the entry for a key is; a key that could lead elsewhere is a bug of the caller. */
function entryFile({ home }: Store, key: string): string {
  if (!/^[0-9a-f]{16,128}$/.test(key)) throw new Error(`Not a key: "${key}"`);
  return `${home}/entries/${key.slice(0, 2)}/${key}.json`;
}

function find(store: Store, key: string): Lookup {
  const file = entryFile(store, key);
  try {
    const stat = store.files.lstat(file);
    if (stat === undefined) return { found: false, reason: "absent" };
    const readable = stat.kind === "file" && stat.size <= MOST_BYTES;
    const bytes = readable ? store.files.read(file) : new Uint8Array();
    if (bytes === undefined) return { found: false, reason: "absent" };
    const entry = readEntry(bytes, key);
    if (typeof entry === "string") {
      discard(store.files, file);
      return { found: false, reason: "damaged", detail: entry };
    }
    store.onEntry?.(entry, file);
    markUsed(store, file, stat);
    return { found: true, hit: hitOf(store, entry, file) };
  } catch (error) {
    const detail = `Cannot read the entry: ${reasonOf(error)}`;
    return { found: false, reason: "failed", detail };
  }
}

function markUsed({ files, clock }: Store, file: string, { mtimeNs }: Stat): void {
  const age = clock.now() - Number(mtimeNs / 1_000_000n);
  if (age > TOUCH_EVERY_MS || age < -TOUCH_EVERY_MS) attempt(() => files.touch(file));
}

function hitOf(store: Store, entry: Entry, file: string): Hit {
  const { manifest } = entry;
  /** Opened while the log is verified, so that nobody can take it away before it is replayed. */
  let log: Reader | undefined;
  return {
    manifest,
    async restore(place) {
      const outcome = await outcomeOf(async () => {
        log?.close();
        log = openLog(store.files, contentsOf(store, entry.inline), manifest.log);
        return await restore(store, entry, place);
      }, (blob) => discard(store.files, blob));
      if (!outcome.ok && outcome.reason === "damaged") discard(store.files, file);
      if (!outcome.ok) log?.close();
      return outcome;
    },
    obstacle: (place) => obstacleOf(() => planned(store, entry, place)),
    replay(onOutput) {
      if (log === undefined) throw new Error("A log is replayed after its entry was restored");
      replayTurns(log, manifest.log.turns, onOutput);
      log = undefined;
    },
  };
}

function contentsOf({ blobs }: Store, inline: Entry["inline"]): Contents {
  return { inline, blob: (digest) => blobs.path(digest) };
}

async function restore(
  store: Store,
  entry: Entry,
  place: RestorePlace,
): Promise<RestoreOutcome> {
  if (entry.manifest.artifacts.length === 0 && place.patterns.length === 0) {
    return { ok: true, written: 0, removed: 0 };
  }
  const plan = await planned(store, entry, place);
  const contents = verifyContents(store.files, contentsOf(store, entry.inline), plan.write);
  carryOut(store.files, place.root, plan, contents, `${store.unique}-${store.next()}`);
  return { ok: true, written: plan.write.length, removed: plan.remove.length };
}

/** The steps of {@link restore} but the last one. */
async function prepared(
  store: Store,
  file: string,
  entry: Entry | undefined,
  placeOf: (artifacts: readonly Artifact[]) => RestorePlace,
  room: Room,
): Promise<Prepared | undefined> {
  const { files } = store;
  let prepared: Prepared | undefined;
  await outcomeOf(async () => {
    const stat = files.lstat(file);
    if (entry === undefined || stat === undefined) throw new Damaged("The entry is not there");
    const contents = contentsOf(store, entry.inline);
    openLog(files, contents, entry.manifest.log).close();
    const place = placeOf(entry.manifest.artifacts);
    const plan = await planned(store, entry, place);
    if (plan.displaced.length > 0) throw new Conflict(plan.displaced[0]!);
    const verified = verifyContents(files, contents, plan.write, room);
    markUsed(store, file, stat);
    prepared = {
      artifacts: entry.manifest.artifacts,
      carryOut: () =>
        carryOut(files, place.root, plan, verified, `${store.unique}-${store.next()}`),
    };
    return { ok: true, written: 0, removed: 0 };
  });
  return prepared;
}

/** What a restore would do, if nothing stands in its way. */
async function planned(
  store: Store,
  { manifest }: Entry,
  place: RestorePlace,
): Promise<RestorePlan> {
  const plan = planRestore(store, manifest.artifacts, place);
  await checkPrecious(store, place, plan.displaced, recorded(store, manifest));
  return plan;
}

/** Artifacts of this and of the task's latest results, as far as they are still stored; read one by one. */
function* recorded(
  store: Store,
  { task, key, artifacts }: Manifest,
): Iterable<readonly Artifact[]> {
  yield artifacts;
  const { files, dir } = store;
  for (const earlier of latestKeys(files, dir, task).reverse()) {
    let manifest: Manifest | undefined;
    attempt(() => manifest = earlier === key ? undefined : manifestOf(store, earlier, task));
    if (manifest !== undefined) yield manifest.artifacts;
  }
}

/** The entry under a key; `undefined` where there is none that can be read. */
function entryAt(store: Store, key: string): Entry | undefined {
  const file = entryFile(store, key);
  if ((store.files.lstat(file)?.size ?? Infinity) > MOST_BYTES) return undefined;
  const bytes = store.files.read(file);
  const entry = bytes === undefined ? undefined : readEntry(bytes, key);
  return typeof entry === "string" ? undefined : entry;
}

function manifestOf(store: Store, key: string, task: string): Manifest | undefined {
  const manifest = entryAt(store, key)?.manifest;
  return manifest?.task === task ? manifest : undefined;
}

function keep(store: Store, result: TaskResult): PutOutcome {
  const file = entryFile(store, result.key);
  return putOutcomeOf((empty) => {
    const inline = new Map<string, Uint8Array>();
    const sink = sinkOf(store, inline);
    const { key, task, exit, tookMs, root, patterns } = result;
    const { files } = store;
    const artifacts = gatherArtifacts({
      files,
      root,
      patterns,
      complete: exit === 0,
      sink,
      isAlone: result.isAlone,
      empty,
    });
    const log = keepLog(store, result.log, inline);
    const storedAt = store.clock.now();
    const manifest: Manifest = { schema: 1, key, task, exit, tookMs, storedAt, log, artifacts };
    const why = JSON.stringify(result.explanation);
    const place = { files, dir: store.dir, task };
    // A file less to make: the entry has to be made anyway.
    const isShort = why.length <= MOST_WHY;
    if (isShort) rememberKey(place, key);
    else recordExplanation(place, key, result.explanation);
    writeStored(files, file, writeEntry({ manifest, inline }, isShort ? why : undefined));
    store.onEntry?.({ manifest, inline }, file);
    return manifest;
  });
}

/**
 * Where artifacts go: short ones into the entry itself, as long as it stays short. A blob is a file more to make, and to
 * find and read when it is restored, and mostly a directory more; each takes a busy disk 0.4 ms and more.
 */
function sinkOf({ files, blobs }: Store, inline: Map<string, Uint8Array>): ContentSink {
  let room = MOST_INLINE;
  return {
    file(path, size) {
      if (size > INLINE || size > room) return blobs.putFile(path, size);
      const bytes = files.read(path);
      if (bytes === undefined) return undefined;
      // It may have grown since it was looked at.
      if (bytes.length > INLINE) return { content: blobs.putBytes(bytes), size: bytes.length };
      room -= bytes.length;
      return inlined(bytes, inline);
    },
    target: (bytes, content) => void inline.set(content, bytes),
  };
}

/** Keeps a log: a short one in the entry itself. */
function keepLog(
  { files, blobs }: Store,
  { file, size, turns }: CapturedLog,
  inline: Map<string, Uint8Array>,
): Manifest["log"] {
  const total = turns.reduce((sum, turn) => sum + Math.abs(turn), 0);
  // There is no file where there was no output.
  const read = () => size === 0 ? undefined : files.read(file);
  const short = size <= INLINE ? read() ?? new Uint8Array() : undefined;
  const stored = short === undefined
    ? blobs.putFile(file, size)
    : short.length === 0
    ? { content: sha256(short), size: 0 }
    : inlined(short, inline);
  if (stored === undefined || stored.size !== size || total !== size) {
    throw new Error(`The log "${file}" is not what the command wrote`);
  }
  return { digest: stored.content, size, turns };
}

function inlined(bytes: Uint8Array, inline: Map<string, Uint8Array>): Stored {
  const content = sha256(bytes);
  inline.set(content, bytes);
  return { content, size: bytes.length };
}
