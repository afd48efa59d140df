import { type Clock, errorCode, type Files, type Processes } from "../sys/sys.ts";
import { LockCard, type Owner, ownerAt } from "./lock_card.ts";
import { safeName } from "./log_file.ts";

/** Where locks stand, relative to the root. */
const LOCK_DIRECTORY = "._qik/locks";

/** How often a lock that somebody else holds is looked at. */
const LOOK_MS = 50;
/** How long a lock may be unreadable: its owner writes it in two steps, and may die between them. */
const GARBAGE_MS = 1000;

/** How often an owner shows that it is alive, for those who cannot see its process. */
const BEAT_MS = 500;
/** A lock of another container that was not touched for so long has no owner any more. */
const SILENT_MS = 1900;

/** How long a wait may last without a word. */
const TELL_MS = 1000;

export interface TaskLockParts {
  /** Absolute. */
  readonly root: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly processes: Pick<Processes, "pid" | "isAlive" | "birth">;
  /** Processes (by number) that wait for this one: their locks are not waited for, that would never end. */
  readonly ancestors?: readonly number[];
}

export interface LockRequest {
  readonly task: string;
  /** Ends the waiting. */
  readonly stop: AbortSignal;
  /** Asked while it waits: whether that still has a purpose. */
  readonly isWanted?: () => boolean;
  /** Called at most once, when the waiting has taken a second. */
  readonly onWait?: (owner: number) => void;
}

/** What became of a request. */
export interface TaskLock {
  /** Somebody else held it: what that one left in the cache may be this task's result. */
  readonly waited: boolean;
  /** False where somebody took it away (`rm -rf ._qik`), so that another qik may run the task by now. */
  isHeld(): boolean;
  release(): void;
}

/** Locks of one process's tasks, so that two qik in one tree do not run the same task at the same time. */
export interface TaskLocks {
  /**
   * Resolves when the lock is held, or will not be: because `stop` was aborted, or no lock can be written (a
   * read-only disk). Never rejects.
   */
  take(request: LockRequest): Promise<TaskLock>;
  /** No more locks are taken: nothing of them stays behind. Never throws. */
  close(): void;
}

/**
 * Locks as files with their owner's number. Those whose owner has died are broken. Where two containers or machines
 * share the tree, neither sees the other's processes: there a lock counts as held while its file is touched.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { openSys } from "../sys/open.ts";
 * import { openTaskLocks } from "./task_lock.ts";
 * const root = mkdtempSync(`${tmpdir()}/qik-doc-`);
 * const locks = openTaskLocks({ ...openSys(), root });
 * const { signal } = new AbortController();
 * const first = await locks.take({ task: "build", stop: signal });
 * const second = locks.take({ task: "build", stop: signal });
 * first.release();
 * assert.equal((await second).waited, true);
 * (await second).release();
 * locks.close();
 * ```
 */
export function openTaskLocks(parts: TaskLockParts): TaskLocks {
  const card = new LockCard(parts, `${parts.root}/${LOCK_DIRECTORY}`);
  return {
    take: (request) => new Taking(parts, card, request).toEnd(),
    close: () => card.remove(),
  };
}

class Taking {
  readonly #parts: TaskLockParts;
  readonly #request: LockRequest;
  readonly #path: string;
  readonly #card: LockCard;
  #waited = false;
  #garbageSince: number | undefined;
  #waitingSince: number | undefined;
  #lastBeat: { readonly beat: string; readonly at: number } | undefined;
  #told = false;

  constructor(parts: TaskLockParts, card: LockCard, request: LockRequest) {
    this.#parts = parts;
    this.#card = card;
    this.#request = request;
    this.#path = `${parts.root}/${LOCK_DIRECTORY}/${safeName(request.task, ".lock")}.lock`;
  }

  async toEnd(): Promise<TaskLock> {
    const { stop, isWanted } = this.#request;
    try {
      while (!stop.aborted && isWanted?.() !== false) {
        if (this.#create()) return this.#held();
        if (this.#isAncestors()) break;
        // Its owner may have come to an end between storing its result and removing the lock.
        this.#waited = true;
        if (!this.#breakStale()) await this.#pause();
      }
    } catch {
      // Without a lock a task may run twice at once; that is better than not at all.
    }
    // Where there are no locks nothing is known of others.
    return { waited: this.#waited, isHeld: () => true, release() {} };
  }

  #held(): TaskLock {
    const { clock, files } = this.#parts;
    const rest = clock.every(BEAT_MS, () => {
      try {
        files.touch(this.#path);
      } catch {
        // Somebody removed it: then nobody waits for it either.
      }
    });
    const release = () => {
      rest();
      this.#release();
    };
    return { waited: this.#waited, isHeld: () => this.#isOurs(), release };
  }

  #create(): boolean {
    try {
      return this.#card.place(this.#path);
    } catch (error) {
      // A full disk: the file is there, but not what it should say.
      if (this.#owner() === "garbage") this.#parts.files.remove(this.#path);
      throw error;
    }
  }

  #owner(path = this.#path): Owner | "garbage" | undefined {
    return ownerAt(this.#parts.files, path);
  }

  #isAncestors(): boolean {
    const owner = this.#owner();
    if (owner === undefined || owner === "garbage" || this.#card.isForeign(owner)) return false;
    return this.#parts.ancestors?.includes(owner.pid) ?? false;
  }

  /** @returns Whether it is worth trying again at once. */
  #breakStale(): boolean {
    const seen = this.#owner() ?? "garbage";
    if (seen !== "garbage") {
      this.#garbageSince = undefined;
      if (this.#isHeld(seen)) return false;
    } else if (!this.#isOldGarbage()) return false;
    this.#break(seen);
    return true;
  }

  #isHeld(owner: Owner): boolean {
    return this.#card.isForeign(owner) ? this.#isTouched(owner.token) : this.#card.isAlive(owner);
  }

  /** By our own clock, for that of another machine may be a different one. */
  #isTouched(token: string): boolean {
    const { files, clock } = this.#parts;
    const beat = `${token} ${files.lstat(this.#path)?.mtimeNs}`;
    const now = clock.monotonic();
    if (this.#lastBeat?.beat !== beat) this.#lastBeat = { beat, at: now };
    return now - this.#lastBeat.at < SILENT_MS;
  }

  #isOldGarbage(): boolean {
    const now = this.#parts.clock.monotonic();
    this.#garbageSince ??= now;
    return now - this.#garbageSince > GARBAGE_MS;
  }

  /** Moved away first: of several that break the same lock one succeeds, and sees what it really took. */
  #break(seen: Owner | "garbage"): void {
    const { files } = this.#parts;
    const aside = `${this.#path.slice(0, this.#path.lastIndexOf("/"))}/.${this.#card.owner.token}`;
    try {
      files.rename(this.#path, aside);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return;
      throw error;
    }
    const taken = this.#owner(aside);
    const isFresh = taken !== undefined && taken !== "garbage" &&
      (seen === "garbage" || taken.token !== seen.token);
    // Between looking and moving another one broke it and took it.
    if (isFresh && this.#owner() === undefined) files.rename(aside, this.#path);
    else files.remove(aside);
  }

  #pause(): Promise<void> {
    const { clock } = this.#parts;
    const { stop } = this.#request;
    this.#tellOfWaiting();
    return new Promise((done) => {
      const end = () => {
        cancel();
        stop.removeEventListener("abort", end);
        done();
      };
      const cancel = clock.after(LOOK_MS, end);
      stop.addEventListener("abort", end);
    });
  }

  #tellOfWaiting(): void {
    const now = this.#parts.clock.monotonic();
    this.#waitingSince ??= now;
    if (this.#told || now - this.#waitingSince < TELL_MS) return;
    const owner = this.#owner();
    if (owner === undefined || owner === "garbage") return;
    this.#told = true;
    this.#request.onWait?.(owner.pid);
  }

  #isOurs(): boolean {
    const owner = this.#owner();
    return owner !== undefined && owner !== "garbage" && owner.token === this.#card.owner.token;
  }

  /** Only what is ours: somebody who took us for dead may hold it now. */
  #release(): void {
    try {
      if (this.#isOurs()) this.#parts.files.remove(this.#path);
    } catch {
      // It stays until we have ended, and then counts as stale.
    }
  }
}
