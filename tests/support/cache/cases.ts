import assert from "node:assert/strict";
import type { Cache, Manifest } from "../../../lib/cache/cache.ts";
import type { Files } from "../../../lib/sys/sys.ts";
import { type CacheRoom, joined, keyOf, type Recalled, type Said } from "../cache_room.ts";

/** What the suite must know of a cache to test it. */
export interface CacheKit {
  readonly name: string;
  /** Opens the cache of a room, as a new process would. */
  open(room: CacheRoom, files?: Files): Cache;
  /** Where its files are: they are cut, flipped, swapped and taken away. */
  store(room: CacheRoom): string;
  /** Plants an entry as an attacker with access to the store would, well-formed in all but its paths. */
  forge(room: CacheRoom, manifest: Manifest, contents: readonly Uint8Array[]): void;
  /** Tests that do not apply, with the reason. */
  readonly skips: Readonly<Record<string, string>>;
}

export interface Case {
  readonly name: string;
  readonly run: (room: CacheRoom, kit: CacheKit) => Promise<void> | void;
}

export const KEY = keyOf("the key");
export const SAID: readonly Said[] = [["out", "one\r\n"], ["err", "two \x1b[31m"], [
  "out",
  "three",
]];
export const PATTERNS = ["dist", "report-*.xml"];
export const bytesOf = (text: string) => new TextEncoder().encode(text);

/** The artifacts that most tests use, and a file beside them that no cache may touch. */
export function build(room: CacheRoom, variant = "1"): void {
  room.write("dist/a.js", `a${variant}`);
  room.write("dist/deep/b.bin", new Uint8Array(70_000).fill(Number(variant)));
  room.write("report-x.xml", `<x>${variant}</x>`);
  room.write("source.txt", "mine");
}

export async function stored(
  room: CacheRoom,
  kit: CacheKit,
  said = SAID,
  patterns = PATTERNS,
): Promise<Cache> {
  const cache = kit.open(room);
  const outcome = await cache.put(room.result(said, { key: KEY, patterns }));
  assert.equal(outcome.stored, true, JSON.stringify(outcome));
  return kit.open(room);
}

export function assertRecalled(recalled: Recalled | undefined, said: readonly Said[] = SAID): void {
  assert.ok(recalled !== undefined, "a miss");
  assert.deepEqual(
    recalled.said,
    joined(said.map(([stream, text]) => [
      stream,
      typeof text === "string" ? bytesOf(text) : text,
    ])),
  );
}
