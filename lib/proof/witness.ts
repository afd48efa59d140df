import { namesDigest } from "../git/rescan.ts";
import { sha256, startSha256 } from "../sys/digest.ts";
import type { Files, Reader, Stat, Sys } from "../sys/sys.ts";
import { isSameStat } from "./same_stat.ts";

/** What was asked about one path, and the answers. A kind of question that was not asked is unset. */
export interface Asked {
  /** `null`: nothing stood there. */
  lstat?: Stat | null;
  /** Symlinks followed. */
  stat?: Stat | null;
  /** SHA-256 of the bytes; `null`: no such file. A function where it takes long and is seldom wanted, or
   * where only a part was read, of which there is no digest. */
  content?: string | null | (() => string | undefined);
  /** Digest of the names in a directory; `null`: no such directory. */
  names?: string | null;
  /** Where it really leads. */
  real?: string;
  /** The text of a symlink. */
  link?: string;
}

/** Digests of more than this are made when they are wanted. */
const MOST_BYTES = 1 << 16;

/**
 * Hands out files and remembers every question that was asked about them, with its answer: whoever finds all answers
 * to be the same another time need not do what was done with them.
 *
 * Questions about qik's own files are left out. Changing files is no question and passes through.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Witness } from "./witness.ts";
 * const files = { stat: () => undefined } as never;
 * const witness = new Witness({ files, clock: { now: () => 0 } as never }, () => false);
 * witness.files.stat("/nowhere");
 * assert.deepEqual([...witness.asked], [["/nowhere", { stat: null }]]);
 * ```
 */
export class Witness {
  readonly asked = new Map<string, Asked>();
  /** Who asked about each path, where somebody said on whose behalf: ascending numbers of the caller's. */
  readonly askers = new Map<string, number[]>();
  /** On whose behalf is asked from now on; unset: nobody's. */
  asker: number | undefined;
  /** When it began to watch, in milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly files: Files;
  #doubts = false;

  constructor(
    { files: inner, clock }: Pick<Sys, "files" | "clock">,
    private readonly isOwn: (path: string) => boolean,
  ) {
    this.sinceMs = clock.now();
    this.files = {
      ...inner,
      lstat: (path) => this.#stat(path, "lstat", () => inner.lstat(path)),
      stat: (path) => this.#stat(path, "stat", () => inner.stat(path)),
      read: (path) => this.#read(path, () => inner.read(path)),
      list: (path) => {
        const entries = this.#answer(() => inner.list(path));
        if (this.isOwn(path)) return entries;
        this.#note(path, "names", entries === undefined ? null : namesDigest(entries));
        return entries;
      },
      realPath: (path) => this.#note(path, "real", this.#answer(() => inner.realPath(path))),
      readLink: (path) => this.#note(path, "link", this.#answer(() => inner.readLink(path))),
      openReader: (path) => {
        const reader = this.#answer(() => inner.openReader(path));
        if (reader === undefined) this.#note(path, "content", null);
        return reader === undefined || this.isOwn(path) ? reader : this.#watched(path, reader);
      },
    };
  }

  /** Whether something was asked that files do not answer, or that had two answers. */
  get doubts(): boolean {
    return this.#doubts;
  }

  /** Notes what was asked elsewhere, and would be answered in the same way now. */
  take(asked: ReadonlyMap<string, Asked>): void {
    for (const [path, { lstat, content, names, link }] of asked) {
      if (lstat !== undefined) this.#stat(path, "lstat", () => lstat ?? undefined);
      if (content !== undefined) this.#note(path, "content", content);
      if (names !== undefined) this.#note(path, "names", names);
      if (link !== undefined) this.#note(path, "link", link);
    }
  }

  /** Something else than a file was asked. */
  doubt(): void {
    this.#doubts = true;
  }

  /** An error is an answer, too, but not one that is kept. */
  #answer<T>(ask: () => T): T {
    try {
      return ask();
    } catch (error) {
      this.doubt();
      throw error;
    }
  }

  #stat(path: string, kind: "lstat" | "stat", ask: () => Stat | undefined): Stat | undefined {
    const answer = this.#answer(ask);
    this.#of(path, (asked) => {
      const before = asked[kind];
      if (before === undefined) asked[kind] = answer ?? null;
      else if (!isSameStat(before, answer ?? null)) this.doubt();
    });
    return answer;
  }

  #read(path: string, ask: () => Uint8Array | undefined): Uint8Array | undefined {
    const bytes = this.#answer(ask);
    if (this.isOwn(path)) return bytes;
    if (bytes === undefined || bytes.length <= MOST_BYTES) {
      this.#note(path, "content", bytes === undefined ? null : sha256(bytes));
    } else {
      // Read twice, it is the first bytes that must still be there when this is asked.
      this.#of(path, (asked) => void (asked.content ??= () => sha256(bytes)));
    }
    return bytes;
  }

  /** Whoever stops in the middle knows the file only as far as a file that is left alone stays what it is. */
  #watched(path: string, reader: Reader): Reader {
    const digest = startSha256();
    let ended = false;
    return {
      read: (buffer) => {
        const length = reader.read(buffer);
        if (length > 0) digest.update(buffer.subarray(0, length));
        else if (!ended) this.#note(path, "content", digest.end());
        ended ||= length === 0;
        return length;
      },
      close: () => {
        if (!ended) this.#of(path, (asked) => void (asked.content ??= () => undefined));
        reader.close();
      },
    };
  }

  #note<Kind extends "content" | "names" | "real" | "link", Answer extends Asked[Kind]>(
    path: string,
    kind: Kind,
    answer: Answer,
  ): Answer {
    this.#of(path, (asked) => {
      const before = asked[kind];
      if (before === undefined || typeof before === "function") asked[kind] = answer;
      else if (before !== answer) this.doubt();
    });
    return answer;
  }

  #noteAsker(path: string, asker: number): void {
    const askers = this.askers.get(path);
    if (askers === undefined) this.askers.set(path, [asker]);
    else if (askers.at(-1) !== asker) askers.push(asker);
  }

  #of(path: string, use: (asked: Asked) => void): void {
    if (this.isOwn(path)) return;
    let asked = this.asked.get(path);
    if (asked === undefined) this.asked.set(path, asked = {});
    if (this.asker !== undefined) this.#noteAsker(path, this.asker);
    use(asked);
  }
}
