import type { Files } from "../../sys/sys.ts";
import { sha256, startSha256 } from "../../sys/digest.ts";
import { decompressZstd } from "../../sys/zstd.ts";
import { attempt } from "../blobs.ts";
import type { LocalCache } from "../local.ts";
import type { Budget } from "./budget.ts";
import { type Calls, Oversized } from "./calls.ts";
import { contentsOf, type Piece, pieceName, type RemoteRecord } from "./record.ts";

/** The remote does not hold what a record promises, or not as it was written. */
export class Missing extends Error {
  override readonly name = "Missing";
}

/** What fetching needs. */
export interface FetchPorts {
  readonly calls: Calls;
  readonly local: LocalCache;
  readonly files: Files;
  /** A directory of the local store, for contents under way. */
  readonly temporary: string;
  readonly budget: Budget;
}

/**
 * Brings contents of records into the local store, each once however many tasks share it, all at the same
 * time within the budget. Every piece and every content is verified before it gets its name.
 */
export class Fetching {
  /** Names of pieces that are stored but wrong: whoever has the right bytes replaces them. */
  readonly unsound = new Set<string>();
  readonly #ports: FetchPorts;
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #unique = crypto.randomUUID().slice(0, 13);
  #files = 0;

  constructor(ports: FetchPorts) {
    this.#ports = ports;
  }

  /**
   * @throws {Missing} Where a content is not there or damaged.
   * @throws {RemoteOff} Where the remote is or goes off.
   * @throws The system's error where the local store cannot be written.
   */
  async contents(record: RemoteRecord): Promise<void> {
    const { files, local: { blobs } } = this.#ports;
    const wanted = [...contentsOf(record.manifest)].filter(([content, size]) => {
      if (record.inline.has(content)) return false;
      const stat = files.lstat(blobs.path(content));
      return stat?.kind !== "file" || stat.size !== size;
    });
    const all = wanted.map(([content]) => this.#content(content, record.pieces.get(content) ?? []));
    // All of them end before this does: nobody is left writing into a store that a caller gave up.
    const ended = await Promise.allSettled(all);
    for (const one of ended) if (one.status === "rejected") throw one.reason;
  }

  /** Whoever has the contents of this record sends all of them anew, and believes no server that it has them. */
  distrust({ pieces }: RemoteRecord): void {
    for (const { name } of [...pieces.values()].flat()) this.unsound.add(name);
  }

  #content(content: string, pieces: readonly Piece[]): Promise<void> {
    const known = this.#underWay.get(content);
    if (known !== undefined) return known;
    const fetched = pieces.length <= 1
      ? this.#small(content, pieces[0])
      : this.#large(content, pieces);
    this.#underWay.set(content, fetched);
    // A later record may describe the same content by other pieces.
    fetched.catch(() => this.#underWay.delete(content));
    return fetched;
  }

  async #small(content: string, piece: Piece | undefined): Promise<void> {
    const { budget, local: { blobs } } = this.#ports;
    if (piece === undefined) {
      if (blobs.putBytes(new Uint8Array()) !== content) throw new Missing("a content is missing");
      return;
    }
    await budget.within(piece.size + piece.stored, async () => {
      const bytes = await this.#piece(piece);
      if (sha256(bytes) !== content) throw new Missing("a content is not what was stored");
      blobs.putBytes(bytes);
    });
  }

  /** Writes pieces as they come in their order; a few are fetched ahead. */
  async #large(content: string, pieces: readonly Piece[]): Promise<void> {
    const { files, local: { blobs }, temporary } = this.#ports;
    const path = `${temporary}/${this.#unique}-${this.#files += 1}`;
    files.makeDirectory(temporary);
    const digest = startSha256();
    try {
      const writer = files.openWriter(path);
      try {
        for await (const bytes of this.#inOrder(pieces)) {
          digest.update(bytes);
          writer.write(bytes);
        }
      } finally {
        writer.close();
      }
      if (digest.end() !== content) throw new Missing("a content is not what was stored");
      files.chmod(path, 0o600);
      const blob = blobs.path(content);
      files.makeDirectory(blob.slice(0, -65));
      files.rename(path, blob);
    } finally {
      attempt(() => files.remove(path));
    }
  }

  async *#inOrder(pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
    const { budget } = this.#ports;
    const ahead: Promise<{ readonly bytes: Uint8Array; readonly end: () => void }>[] = [];
    const start = async (piece: Piece) => {
      const end = await budget.take(piece.size + piece.stored);
      try {
        return { bytes: await this.#piece(piece), end };
      } catch (error) {
        end();
        throw error;
      }
    };
    let next = 0;
    try {
      for (let at = 0; at < pieces.length; at += 1) {
        while (next < pieces.length && next < at + AHEAD) {
          const started = start(pieces[next]!);
          started.catch(() => {});
          ahead[next] = started;
          next += 1;
        }
        const { bytes, end } = await ahead[at]!;
        delete ahead[at];
        try {
          yield bytes;
        } finally {
          end();
        }
      }
    } finally {
      for (const one of ahead) one?.then(({ end }) => end(), () => {});
    }
  }

  async #piece({ name, stored, size }: Piece): Promise<Uint8Array> {
    const bytes = await this.#ports.calls.read(pieceName(name), stored).catch(unlessTooLarge);
    if (bytes === undefined) throw new Missing("a content is not there any more");
    if (bytes === "large" || bytes.length !== stored || sha256(bytes) !== name) {
      this.unsound.add(name);
      throw new Missing("a content is not what was stored");
    }
    const content = await decompressZstd(bytes, size).catch(() => undefined);
    if (content?.length !== size) throw new Missing("a content is not what was stored");
    return content;
  }
}

/** Pieces of one content that are fetched before those ahead of them are written. */
const AHEAD = 4;

function unlessTooLarge(error: unknown): "large" {
  if (error instanceof Oversized) return "large";
  throw error;
}
