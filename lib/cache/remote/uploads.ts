import { Buffer } from "node:buffer";
import type { Files } from "../../sys/sys.ts";
import { reasonOf } from "../blobs.ts";
import type { Entry } from "../entry.ts";
import type { LocalCache } from "../local.ts";
import type { Budget } from "./budget.ts";
import { type Calls, RemoteOff } from "./calls.ts";
import { cut, type CutPiece } from "./pieces.ts";
import { Presence } from "./presence.ts";
import { contentsOf, INLINE_EACH, INLINE_SUM, type Piece, pieceName } from "./record.ts";

/** Pieces of one content that are in memory at once, and asked for together. */
const GROUP = 4;

/** A piece of up to this many bytes is sent in the time of a question, so none is asked. */
const UNASKED = 1 << 18;

/** An entry that is not uploaded, with the reason for people. */
export class NotUploaded extends Error {
  override readonly name = "NotUploaded";

  constructor(readonly why: "secret" | "large" | "broken", message: string) {
    super(message);
  }
}

/** What uploading needs. */
export interface UploadPorts {
  readonly calls: Calls;
  readonly local: LocalCache;
  readonly files: Files;
  readonly budget: Budget;
  /** Bytes that one entry's contents may have. */
  readonly maxEntry: number;
  /** Texts that must not leave this machine. */
  readonly secrets: () => readonly string[];
  /** Names of pieces that this run has seen to be damaged. */
  readonly unsound: ReadonlySet<string>;
}

/** The contents of an entry as a record tells them. */
export interface Uploaded {
  readonly inline: ReadonlyMap<string, Uint8Array>;
  readonly pieces: ReadonlyMap<string, readonly Piece[]>;
}

/**
 * Puts contents of entries into the store, each once a run: small ones become part of the record, large ones
 * are cut, compressed, asked for in groups, and sent where they are not there yet.
 */
export class Uploads {
  readonly #ports: UploadPorts;
  readonly #contents = new Map<string, Promise<readonly Piece[]>>();
  readonly #presence: Presence;
  /** Pieces that this run has put there. */
  readonly #sent = new Set<string>();

  constructor(ports: UploadPorts) {
    this.#ports = ports;
    this.#presence = new Presence(ports.calls);
  }

  /**
   * @throws {NotUploaded} Where the entry stays here.
   * @throws {RemoteOff} Where the remote is or goes off.
   */
  async contents({ manifest, inline }: Entry): Promise<Uploaded> {
    const sizes = [...contentsOf(manifest)].sort((a, b) => a[1] - b[1]);
    const sum = sizes.reduce((all, [, size]) => all + size, 0);
    if (sum > this.#ports.maxEntry) {
      throw new NotUploaded("large", `its contents have ${sum} bytes`);
    }
    this.#checkSecrets(Buffer.from(JSON.stringify(manifest)));
    const small = new Map<string, Uint8Array>();
    const large: string[] = [];
    let left = INLINE_SUM;
    for (const [content, size] of sizes) {
      const given = inline.get(content);
      if (given === undefined && (size > INLINE_EACH || size > left)) large.push(content);
      else {
        const bytes = given ?? this.#read(content, size);
        this.#checkSecrets(bytes);
        small.set(content, bytes);
        left -= size;
      }
    }
    const ended = await Promise.allSettled(large.map((content) => this.#large(content)));
    const pieces = new Map<string, readonly Piece[]>();
    for (const [at, one] of ended.entries()) {
      if (one.status === "rejected") throw one.reason;
      pieces.set(large[at]!, one.value);
    }
    return { inline: small, pieces };
  }

  #read(content: string, size: number): Uint8Array {
    const { files, local: { blobs } } = this.#ports;
    const bytes = size === 0 ? new Uint8Array() : files.read(blobs.path(content));
    if (bytes?.length !== size) throw broken("a content is not in the local store any more");
    return bytes;
  }

  #large(content: string): Promise<readonly Piece[]> {
    const known = this.#contents.get(content);
    if (known !== undefined) return known;
    const sent = this.#send(content);
    this.#contents.set(content, sent);
    sent.catch(() => this.#contents.delete(content));
    return sent;
  }

  async #send(content: string): Promise<readonly Piece[]> {
    const { files, local: { blobs }, budget } = this.#ports;
    const path = blobs.path(content);
    this.#checkFile(path);
    const sent: Piece[] = [];
    const size = files.lstat(path)?.size ?? 0;
    // Pieces in memory, as they are and compressed.
    const held = Math.min(size, GROUP << 21) * 2;
    await budget.within(held, async () => {
      let group: CutPiece[] = [];
      try {
        for await (const piece of cut(files, path, content)) {
          sent.push({ name: piece.name, stored: piece.stored, size: piece.size });
          group.push(piece);
          if (group.length < GROUP) continue;
          await this.#sendGroup(group);
          group = [];
        }
      } catch (error) {
        throw error instanceof RemoteOff ? error : broken(reasonOf(error));
      }
      await this.#sendGroup(group);
    });
    return sent;
  }

  async #sendGroup(group: readonly CutPiece[]): Promise<void> {
    const { calls, unsound } = this.#ports;
    const asked = group.filter(({ name, stored }) => stored > UNASKED && !unsound.has(name));
    const there = await this.#presence.ask(asked.map(({ name }) => pieceName(name)));
    const absent = group.filter(({ name }) => !this.#sent.has(name) && !there.has(pieceName(name)));
    const sent = await Promise.allSettled(absent.map(({ name, stored, bytes }) =>
      calls.call(
        "write",
        stored,
        (store, call) => store.put(pieceName(name), bytes, { ...call, replace: unsound.has(name) }),
      )
    ));
    for (const one of sent) if (one.status === "rejected") throw one.reason;
    for (const { name } of absent) {
      this.#sent.add(name);
      this.#presence.note(pieceName(name));
    }
  }

  /** Looks for secrets in a file, also where one lies across two pieces of it. */
  #checkFile(path: string): void {
    const { files, secrets } = this.#ports;
    const longest = Math.max(0, ...secrets().map((secret) => Buffer.byteLength(secret)));
    const reader = longest === 0 ? undefined : files.openReader(path);
    if (reader === undefined) return;
    try {
      const buffer = new Uint8Array(Math.max(1 << 20, 4 * longest));
      let kept = 0;
      for (;;) {
        const got = reader.read(buffer.subarray(kept));
        if (got === 0) return;
        this.#checkSecrets(buffer.subarray(0, kept + got));
        const tail = Math.min(longest, kept + got);
        buffer.copyWithin(0, kept + got - tail, kept + got);
        kept = tail;
      }
    } finally {
      reader.close();
    }
  }

  #checkSecrets(bytes: Uint8Array): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#ports.secrets().some((secret) => text.includes(secret))) {
      throw new NotUploaded("secret", "its output or one of its artifacts contains a secret");
    }
  }
}

function broken(message: string): NotUploaded {
  return new NotUploaded("broken", message);
}
