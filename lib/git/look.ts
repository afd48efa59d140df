import { hasEscapedBytes } from "../base/bytes.ts";
import { byCodeUnit } from "../base/order.ts";
import { type Problem, QikError } from "../base/problems.ts";
import {
  type BulkLstat,
  changeTimes,
  copyStat,
  leftAlone,
  newStatRows,
  sameStat,
  STAT_ROW_BYTES,
  STAT_WORDS,
  statKind,
  type StatRows,
  statSize,
} from "../sys/bulk_stat.ts";
import { errorCode, type Sys } from "../sys/sys.ts";
import { digestFile, digestLink } from "./content.ts";
import { isPointer } from "./lfs.ts";
import { encodeMemo, type Memo, type MemoEntry } from "./memo.ts";
import type { Algorithm } from "./algorithm.ts";
import { RealParents } from "./real_parents.ts";
import { indexOfPath } from "./roll.ts";
import type { Tracked } from "./source.ts";
import type { FileState, LookedAt } from "./tree.ts";
import { unreachable, unreadable } from "./unreadable.ts";

/** Times that a file may change under the reader before that is reported. */
const TRIES = 3;
/** How many unreadable files are named in one error. */
const MOST_NAMED = 10;
/** Reading goes on for this long before timers and processes get a turn. */
const TURN_MS = 50;

/** What stands in for a repository of its own. */
export interface ModuleLook {
  has(path: string): boolean;
  state(path: string): Promise<FileState>;
}

export interface LookOptions {
  readonly sys: Sys;
  readonly root: string;
  readonly algorithm: Algorithm;
  readonly memo: Memo;
  readonly lstat: BulkLstat;
  readonly modules: ModuleLook;
}

/**
 * Files by number, what their last lstat said and what they hold.
 *
 * A file is looked at once per epoch; its content is read only where neither the row kept here nor the memo has
 * the very same stat.
 */
export class Looker {
  paths: string[] = [];
  /** Numbers of the files that were not in the index when the first file was looked at. */
  readonly #ids = new Map<string, number>();
  /** The first index: the number of a path is its position there. */
  #first: readonly string[] = [];
  #index: Tracked["index"];
  /** Per position in the index of today its number, and the reverse; unset while it is the first index. */
  #idAt: readonly number[] | undefined;
  #positionOf: ReadonlyMap<number, number> | undefined;
  #lookedAt: number[] = [];
  #states: (FileState | undefined)[] = [];
  /** Whether an equal stat means equal content. */
  #settled: boolean[] = [];
  /** Whether the index proved it, so that there is nothing to remember. */
  #vouched: boolean[] = [];
  /** Files that only stand for a content that Git LFS has not fetched. */
  readonly #pointers = new Set<number>();
  /** Named literally by a pathspec: they count wherever they are, even behind a symlink. */
  readonly #named = new Set<number>();
  #rows = newStatRows(1024);
  readonly #parents: RealParents;
  #directoriesEpoch = -1;
  #learned = false;

  constructor(private readonly options: LookOptions) {
    this.#parents = new RealParents(options.root, options.lstat);
  }

  /** Takes over what is in the index now. Numbers that were given out stay what they are. */
  takeIndex({ paths, index }: Tracked): void {
    this.#index = index;
    if (this.paths.length === 0) {
      this.#first = paths;
      const count = paths.length;
      this.paths = [...paths];
      this.#lookedAt = new Array<number>(count).fill(-1);
      this.#states = new Array<FileState | undefined>(count).fill(undefined);
      this.#settled = new Array<boolean>(count).fill(false);
      this.#vouched = new Array<boolean>(count).fill(false);
      this.#rows = newStatRows(Math.max(1024, count));
      return;
    }
    this.#idAt = paths.map((path) => this.idOf(path));
    this.#positionOf = new Map(this.#idAt.map((id, position) => [id, position]));
  }

  /** Number of the file at a position in the index. */
  idAt(position: number): number {
    return this.#idAt === undefined ? position : this.#idAt[position]!;
  }

  /** Whether one path comes before another one in code-unit order. */
  isBefore(id: number, other: number): boolean {
    // Positions in an index are in that order already.
    if (id < this.#first.length && other < this.#first.length) return id < other;
    return this.paths[id]! < this.paths[other]!;
  }

  /** Number of a path, made where it has none. */
  idOf(path: string): number {
    const known = this.#knownId(path);
    if (known !== undefined) return known;
    this.#ids.set(path, this.paths.length);
    return this.#add(path);
  }

  #knownId(path: string): number | undefined {
    const position = indexOfPath(this.#first, path);
    return position === -1 ? this.#ids.get(path) : position;
  }

  #add(path: string): number {
    this.#lookedAt.push(-1);
    this.#states.push(undefined);
    this.#settled.push(false);
    this.#vouched.push(false);
    return this.paths.push(path) - 1;
  }

  /** The number of a file that a pathspec names literally. */
  idOfNamed(path: string): number {
    const id = this.idOf(path);
    this.#named.add(id);
    return id;
  }

  state(id: number): FileState {
    const state = this.#states[id];
    if (state === undefined) throw new Error(`Nobody looked at ${this.paths[id]}`);
    return state;
  }

  /** When each file last changed in any way, content or not; see `changeTimes`. */
  changeTimes(ids: readonly number[]): Uint32Array {
    return changeTimes(this.#rows, ids);
  }

  /**
   * Looks at files that were not looked at in this epoch.
   *
   * @throws {QikError} `file-unreadable`, naming all of them.
   */
  async look(ids: readonly number[], epoch: number): Promise<void> {
    const pending = ids.filter((id) => this.#lookedAt[id] !== epoch);
    if (pending.length === 0) return;
    this.#grow();
    if (this.#directoriesEpoch !== epoch) {
      this.#directoriesEpoch = epoch;
      this.#parents.forget();
      this.#index?.conversions.forget();
    }
    const paths = pending.map((id) => this.paths[id]!);
    const fresh = this.#rowsFor(pending);
    const problems: Problem[] = this.options.lstat(this.options.root, paths, fresh)
      .map(({ row, code }) => unreadable(paths[row]!, code));
    const above = this.#parents.lookAhead(paths);
    this.#index?.conversions.lookAhead(above);
    const blind = this.options.sys.machine.runtime === "deno";
    const unknown: number[] = [];
    const modules: number[] = [];
    for (let row = 0; row < pending.length; row++) {
      const id = pending[row]!;
      if (blind && hasEscapedBytes(paths[row]!)) problems.push(unreachable(paths[row]!));
      else if (this.#isCurrent(id, fresh, row)) this.#lookedAt[id] = epoch;
      else if (this.#isModule(id, fresh, row)) modules.push(id);
      else if (!this.#settle(id, fresh, row, epoch)) unknown.push(row);
    }
    await this.#readAll(unknown.map((row) => [pending[row]!, row]), fresh, epoch, problems);
    for (const id of modules) {
      this.#states[id] = await this.options.modules.state(this.paths[id]!);
      this.#settled[id] = false;
      this.#lookedAt[id] = epoch;
    }
    if (problems.length > 0) throw new QikError(problems.slice(0, MOST_NAMED));
    this.#findPointers(pending);
  }

  /** Paths of the links among files that were looked at. */
  linksAmong(ids: readonly number[]): readonly string[] {
    return ids.filter((id) => this.#states[id]?.kind === "link").map((id) => this.paths[id]!);
  }

  /** Those of the files that are pointers of Git LFS. */
  pointersAmong(ids: readonly number[]): readonly string[] {
    return this.#pointers.size === 0
      ? []
      : ids.filter((id) => this.#pointers.has(id)).map((id) => this.paths[id]!);
  }

  #findPointers(ids: readonly number[]): void {
    const { sys: { files }, root } = this.options;
    for (const id of ids) {
      if (this.#vouched[id]) continue; // No rule converts it, and so no filter.
      const path = this.paths[id]!;
      const isSmall = statKind(this.#rows, id) === "file" && statSize(this.#rows, id) < 1024;
      if (!isSmall || this.#index?.conversions.mayFilter(path) !== true) continue;
      if (isPointer(files, `${root}/${path}`, statSize(this.#rows, id))) this.#pointers.add(id);
      else this.#pointers.delete(id);
    }
  }

  /** New rows; those that are kept themselves where files that stand in a row are looked at for the first time. */
  #rowsFor(ids: readonly number[]): StatRows {
    const first = ids[0]!;
    const inPlace = ids.every((id, at) => id === first + at && this.#states[id] === undefined);
    if (!inPlace) return newStatRows(ids.length);
    return newStatRows(ids.length, this.#rows.words.buffer as ArrayBuffer, first * STAT_ROW_BYTES);
  }

  #grow(): void {
    if (this.paths.length <= this.#rows.count) return;
    const rows = newStatRows(Math.max(this.paths.length, this.#rows.count * 2));
    rows.words.set(this.#rows.words);
    this.#rows = rows;
  }

  /** Whether the row kept here still proves the state. */
  #isCurrent(id: number, fresh: StatRows, row: number): boolean {
    if (!this.#settled[id] || !sameStat(this.#rows, id, fresh, row)) return false;
    return this.#named.has(id) || this.#parents.areReal(this.paths[id]!);
  }

  #isModule(id: number, fresh: StatRows, row: number): boolean {
    return statKind(fresh, row) === "directory" && this.options.modules.has(this.paths[id]!) &&
      this.#parents.areReal(this.paths[id]!);
  }

  /** Takes over what can be known without reading; false where the content must be read. */
  #settle(id: number, fresh: StatRows, row: number, epoch: number): boolean {
    const path = this.paths[id]!;
    const kind = statKind(fresh, row);
    const there = kind === "file" || kind === "exec" || kind === "symlink";
    if (!there || !(this.#named.has(id) || this.#parents.areReal(path))) {
      this.#keep(id, fresh, row, { path, kind: "absent", digest: "" }, epoch);
      this.#settled[id] = false;
      return true;
    }
    const proven = this.#fromIndex(id, fresh, row);
    const digest = proven ?? this.options.memo.find(path, fresh, row);
    if (digest === undefined) return false;
    this.#keep(id, fresh, row, { path, kind: kind === "symlink" ? "link" : kind, digest }, epoch);
    this.#settled[id] = true;
    this.#vouched[id] = proven !== undefined;
    return true;
  }

  /** The id in git's index, where it is that of the bytes on disk. */
  #fromIndex(id: number, fresh: StatRows, row: number): string | undefined {
    if (this.#index === undefined) return undefined;
    const position = this.#positionOf === undefined
      ? id < this.#first.length ? id : undefined
      : this.#positionOf.get(id);
    if (position === undefined) return undefined;
    const digest = this.#index.vouch.digest(position, fresh, row);
    if (digest === undefined || this.#index.conversions.mayConvert(this.paths[id]!)) {
      return undefined;
    }
    return digest;
  }

  #keep(id: number, rows: StatRows, row: number, state: FileState, epoch: number): void {
    if (rows.words.buffer !== this.#rows.words.buffer) copyStat(rows, row, this.#rows, id);
    const before = this.#states[id];
    const same = before?.kind === state.kind && before.digest === state.digest;
    this.#states[id] = same ? before : state;
    this.#lookedAt[id] = epoch;
  }

  async #readAll(
    unknown: readonly (readonly [number, number])[],
    fresh: StatRows,
    epoch: number,
    problems: Problem[],
  ): Promise<void> {
    const { clock } = this.options.sys;
    let turn = clock.monotonic();
    for (const [id, row] of unknown) {
      const problem = this.#read(id, fresh, row, epoch);
      if (problem !== undefined) problems.push(problem);
      if (clock.monotonic() - turn > TURN_MS) {
        await new Promise<void>((resolve) => void clock.after(0, resolve));
        turn = clock.monotonic();
      }
    }
  }

  /** Reads a file until its stat is the same before and after. */
  #read(id: number, fresh: StatRows, row: number, epoch: number): Problem | undefined {
    const { sys, root, lstat } = this.options;
    const path = this.paths[id]!;
    const before = newStatRows(1);
    const after = newStatRows(1);
    copyStat(fresh, row, before, 0);
    for (let tried = 0; tried < TRIES; tried++) {
      if (tried > 0 && this.#settle(id, before, 0, epoch)) return undefined;
      const startedNs = BigInt(sys.clock.now()) * 1_000_000n;
      const read = this.#digest(path, before);
      if ("reason" in read && read.reason !== "changed") return unreadable(path, read.reason);
      lstat(root, [path], after);
      if ("state" in read && sameStat(before, 0, after, 0)) {
        this.#keep(id, after, 0, read.state, epoch);
        this.#settled[id] = leftAlone(after, 0, startedNs);
        this.#vouched[id] = false;
        this.#learned ||= this.#settled[id]!;
        return undefined;
      }
      copyStat(after, 0, before, 0);
    }
    return unreadable(path, "it changes while it is read");
  }

  #digest(path: string, row: StatRows): { state: FileState } | { reason: string } {
    const { sys: { files }, root, algorithm } = this.options;
    const whole = `${root}/${path}`;
    const kind = statKind(row, 0);
    try {
      if (kind === "symlink") {
        return { state: { path, kind: "link", digest: digestLink(files, whole, algorithm) } };
      }
      const digest = digestFile(files, whole, statSize(row, 0), algorithm);
      if (digest === undefined) return { reason: "changed" };
      return { state: { path, kind: kind === "exec" ? "exec" : "file", digest } };
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      return { reason: SWAPPED.has(code) ? "changed" : code };
    }
  }

  /**
   * Everything that was looked at, with the answers of then.
   *
   * @returns `undefined` where something is what no row of a stat can tell: a repository of its own, or a place that
   * counts as empty although something stands there.
   */
  looked(): LookedAt | undefined {
    const ids: number[] = [];
    const unsettled: number[] = [];
    for (let id = 0; id < this.paths.length; id++) {
      const state = this.#states[id];
      if (state === undefined) continue;
      const isEmpty = statKind(this.#rows, id) === "none";
      if (state.kind === "module" || (state.kind === "absent") !== isEmpty) return undefined;
      if (!isEmpty && !this.#settled[id]) unsettled.push(ids.length);
      ids.push(id);
    }
    const rows = newStatRows(ids.length);
    const named: number[] = [];
    const states: FileState[] = [];
    for (let at = 0, first = 0; at < ids.length; at++) {
      const id = ids[at]!;
      if (this.#named.has(id)) named.push(at);
      states.push(this.#states[id]!);
      if (ids[at + 1] === id + 1) continue;
      // Mostly all files were looked at but a few, so that rows are copied by the thousand.
      const from = (id - (at - first)) * STAT_WORDS;
      rows.words.set(this.#rows.words.subarray(from, (id + 1) * STAT_WORDS), first * STAT_WORDS);
      first = at + 1;
    }
    return { states, rows, unsettled, named };
  }

  /** Bytes of a memo of all that is known, unless nothing new was learned. */
  memoBytes(stillListed: (path: string) => boolean): Uint8Array | undefined {
    if (!this.#learned) return undefined;
    const entries: MemoEntry[] = [];
    for (const entry of this.options.memo.entries()) {
      const id = this.#knownId(entry.path);
      const looked = id !== undefined && this.#states[id] !== undefined;
      if (!looked && stillListed(entry.path)) entries.push(entry);
    }
    this.paths.forEach((path, id) => {
      const state = this.#states[id];
      if (state === undefined || !this.#settled[id] || this.#vouched[id]) return;
      entries.push({ path, rows: this.#rows, row: id, digest: state.digest });
    });
    entries.sort((a, b) => byCodeUnit(a.path, b.path));
    return encodeMemo(entries, this.options.algorithm);
  }
}

/** Errors of a file that became something else after lstat. */
const SWAPPED = new Set(["ENOENT", "ENOTDIR", "EISDIR", "EINVAL", "ELOOP"]);
