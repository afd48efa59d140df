import type { DirectoryEntry, Files } from "../sys/sys.ts";
import { attempt, digestFile, discard, reasonOf } from "./blobs.ts";
import type { Manifest } from "./cache.ts";
import { type Entry, readEntry } from "./entry.ts";
import { isDigest } from "./manifest.ts";
import { readRepoEntry } from "./repo_files.ts";

/** One result that a cache keeps, as far as a person is told about it. */
export interface StoredResult {
  readonly manifest: Manifest;
  /** Milliseconds since the epoch when it was last read, to about half an hour. */
  readonly usedAt: number;
  /** Of the entry, its explanation, its log and its artifacts; what results share counts for each. */
  readonly sizeBytes: number;
  /** Absolute paths that are gone when it is removed; its contents go with the next collection. */
  readonly files: readonly string[];
}

/** What a check of a whole cache found. */
export interface Checked {
  readonly entries: number;
  readonly contents: number;
  /** In the order in which it was found. */
  readonly damaged: readonly Damage[];
}

export interface Damage {
  /** Absolute. */
  readonly file: string;
  readonly detail: string;
  readonly removed: boolean;
}

/**
 * All usable results of the local store, in the order of their keys. Reads every entry; damaged ones are passed
 * over, they are for {@link checkStore}.
 *
 * @param dir The store's directory, such as `._qik/cache`.
 */
export function* storedResults(files: Files, dir: string): Generator<StoredResult> {
  for (const { file, key } of entryFiles(files, dir)) {
    const entry = entryAt(files, file, key);
    const stat = files.lstat(file);
    if (typeof entry !== "object" || stat === undefined) continue;
    const why = file.replace(/json$/, "why");
    const { manifest } = entry;
    yield {
      manifest,
      usedAt: Number(stat.mtimeNs / 1_000_000n),
      sizeBytes: stat.size + (files.lstat(why)?.size ?? 0) + blobBytes(entry),
      files: [file, why],
    };
  }
}

/** The results of the repo cache, in the order of their files. `root` is the repository's. */
export function* committedResults(files: Files, root: string): Generator<StoredResult> {
  for (const file of repoFiles(files, root)) {
    const entry = readRepoEntry(files, file);
    const stat = files.lstat(file);
    if (entry === undefined || "detail" in entry || stat === undefined) continue;
    const { manifest } = entry;
    yield {
      manifest,
      usedAt: Number(stat.mtimeNs / 1_000_000n),
      sizeBytes: stat.size + manifest.log.size,
      files: [file, outOf(file)],
    };
  }
}

/**
 * Reads everything in the local store and removes what is not as it was written.
 *
 * A result that is being stored meanwhile is whole when its entry appears, so it is not taken for damaged.
 *
 * @param onStep Called with the number of files read so far.
 */
export function checkStore(
  files: Files,
  dir: string,
  onStep: (done: number) => void = () => {},
): Checked {
  const damaged: Damage[] = [];
  const note = (file: string, detail: string) => {
    discard(files, file);
    let removed = false;
    attempt(() => removed = files.lstat(file) === undefined);
    damaged.push({ file, detail, removed });
  };
  let done = 0;
  let contents = 0;
  for (const { path, name } of shelved(files, `${dir}/v1/blobs`)) {
    if (!isDigest(name)) continue;
    onStep(done += 1);
    const wrong = wrongBlob(files, path, name);
    if (wrong === undefined) contents += 1;
    else if (wrong !== "gone") note(path, wrong);
  }
  let entries = 0;
  for (const { file, key } of entryFiles(files, dir)) {
    onStep(done += 1);
    const entry = entryAt(files, file, key);
    if (entry === undefined) continue;
    const detail = typeof entry === "string" ? entry : missingContent(files, dir, entry);
    if (detail === undefined) entries += 1;
    else note(file, detail);
  }
  return { entries, contents, damaged };
}

/** Reads everything in the repo cache. Removes nothing: these files are the user's, and git has them. */
export function checkCommitted(
  files: Files,
  root: string,
  onStep: (done: number) => void = () => {},
): Checked {
  const damaged: Damage[] = [];
  let entries = 0;
  let done = 0;
  for (const file of repoFiles(files, root)) {
    onStep(done += 1);
    const entry = readRepoEntry(files, file);
    if (entry === undefined) continue;
    const detail = "detail" in entry ? entry.detail : wrongLog(files, file, entry.manifest);
    if (detail === undefined) entries += 1;
    else damaged.push({ file, detail, removed: false });
  }
  return { entries, contents: 0, damaged };
}

function wrongLog(files: Files, file: string, { log }: Manifest): string | undefined {
  if (log.size === 0) return undefined;
  const found = digestFile(files, outOf(file));
  if (found === undefined) return "Its log is missing";
  return found.content === log.digest ? undefined : "Its log is not what was written";
}

function outOf(file: string): string {
  return file.replace(/json$/, "out");
}

/** `gone`: a collection was faster. */
function wrongBlob(files: Files, path: string, digest: string): string | undefined {
  try {
    const found = digestFile(files, path);
    if (found === undefined) return "gone";
    return found.content === digest ? undefined : "The content is not what was stored";
  } catch (error) {
    return `Cannot read the content: ${reasonOf(error)}`;
  }
}

function missingContent(files: Files, dir: string, entry: Entry): string | undefined {
  for (const [digest] of blobsOf(entry)) {
    const path = `${dir}/v1/blobs/${digest.slice(0, 2)}/${digest}`;
    if (files.lstat(path) === undefined) return "A content that it names is missing";
  }
  return undefined;
}

/** Contents that stand in files of their own, with their sizes. */
function blobsOf({ manifest: { log, artifacts }, inline }: Entry): Map<string, number> {
  const blobs = new Map<string, number>();
  if (log.size > 0 && !inline.has(log.digest)) blobs.set(log.digest, log.size);
  for (const { kind, content, size } of artifacts) {
    if (kind !== "directory" && !inline.has(content)) blobs.set(content, size);
  }
  return blobs;
}

function blobBytes(entry: Entry): number {
  return [...blobsOf(entry).values()].reduce((sum, size) => sum + size, 0);
}

/** The entry, what is wrong with it, or `undefined` where it is gone meanwhile. */
function entryAt(files: Files, file: string, key: string): Entry | string | undefined {
  try {
    const bytes = files.read(file);
    return bytes === undefined ? undefined : readEntry(bytes, key);
  } catch (error) {
    return `Cannot read the entry: ${reasonOf(error)}`;
  }
}

function* entryFiles(files: Files, dir: string): Generator<{ file: string; key: string }> {
  for (const { path, name } of shelved(files, `${dir}/v1/entries`)) {
    const key = /^([0-9a-f]+)\.json$/.exec(name)?.[1];
    if (key !== undefined) yield { file: path, key };
  }
}

function* repoFiles(files: Files, root: string): Generator<string> {
  for (const { path, name } of shelved(files, `${root}/.qik/cache`)) {
    if (name.endsWith(".json")) yield path;
  }
}

/** What lies in the directories of a directory. */
function* shelved(files: Files, directory: string): Generator<{ path: string; name: string }> {
  for (const shelf of namesIn(files, directory)) {
    if (shelf.kind !== "directory") continue;
    const inner = `${directory}/${shelf.name}`;
    for (const { name } of namesIn(files, inner)) yield { path: `${inner}/${name}`, name };
  }
}

function namesIn(files: Files, directory: string): readonly DirectoryEntry[] {
  let names: readonly DirectoryEntry[] = [];
  attempt(() => names = files.list(directory) ?? []);
  return names;
}

/** Bytes of all entries and contents of the local store, each counted once. */
export function storeSize(files: Files, dir: string): number {
  let bytes = 0;
  for (const part of ["entries", "blobs"]) {
    for (const { path } of shelved(files, `${dir}/v1/${part}`)) {
      attempt(() => bytes += files.lstat(path)?.size ?? 0);
    }
  }
  return bytes;
}
