/** Random results: what a hit gives back is what was stored, byte for byte, and nothing else is touched. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import process from "node:process";
import { openLocalCache } from "../../lib/cache/local.ts";
import { CacheRoom, joined, keyOf, type Said } from "../support/cache_room.ts";
import { ODD_NAMES, pick, random } from "../support/random.ts";

const ROUNDS = process.env["QIK_LONG"] === "1" ? 1000 : 60;
const SEED = Number(process.env["QIK_SEED"] ?? "1");
const PATTERNS = ["dist", ":(glob)*.gen"];
const NAMES = ODD_NAMES.filter((name) => !name.includes("\\"));

type Next = (below: number) => number;

function bytesOf(next: Next): Uint8Array {
  const size = pick([0, 1, 10, 5000, 70_000], next);
  return Uint8Array.from({ length: size }, () => next(256));
}

/** A place for one more thing below `dist`, in a directory that is there or not. */
function placeIn(room: CacheRoom, next: Next): string | undefined {
  const depth = next(4);
  let path = "dist";
  for (let at = 0; at <= depth; at++) path += `/${pick(NAMES, next)}`;
  for (let above = path; above !== "dist"; above = above.slice(0, above.lastIndexOf("/"))) {
    const stat = room.files.lstat(room.path(above));
    if (stat !== undefined && (above === path || stat.kind !== "directory")) return undefined;
  }
  return path;
}

function addOne(room: CacheRoom, next: Next): void {
  const path = placeIn(room, next);
  if (path === undefined) return;
  const kind = next(6);
  if (kind === 0) room.mkdir(path);
  else if (kind === 1) room.link(path, pick(["a", "x/y", "../dist/a b.txt"], next));
  else room.write(path, bytesOf(next), pick([0o644, 0o755, 0o600, 0o444], next));
}

/** Does something to the working tree that git would not show, because it ignores `dist`. */
function disturb(room: CacheRoom, next: Next): void {
  const names = fs.existsSync(room.path("dist"))
    ? fs.readdirSync(room.path("dist"), { recursive: true }) as string[]
    : [];
  const victim = names.length === 0 ? "dist" : `dist/${pick(names, next)}`;
  const stat = fs.lstatSync(room.path(victim), { throwIfNoEntry: false });
  const how = next(5);
  if (how === 0) room.remove(victim);
  else if (how === 1) addOne(room, next);
  else if (stat?.isFile() && how === 2) fs.chmodSync(room.path(victim), 0o777);
  else if (stat?.isFile() && how === 3) {
    fs.rmSync(room.path(victim));
    room.write(victim, bytesOf(next));
  } else if (stat?.isFile()) {
    room.remove(victim);
    room.mkdir(victim);
  }
}

Deno.test(`${ROUNDS} random trees come back whole, whatever became of them, seed ${SEED}`, async () => {
  const next = random(SEED);
  for (let round = 0; round < ROUNDS; round++) {
    using room = new CacheRoom();
    const open = () =>
      openLocalCache({
        files: room.files,
        clock: room.clock,
        dir: room.store,
        stateDir: room.state,
      });
    room.write("mine/dist", "mine");
    room.write("other.txt", "mine");
    room.mkdir("dist");
    for (let count = next(20); count > 0; count--) addOne(room, next);
    room.write("x.gen", bytesOf(next));
    const key = keyOf(`${round}`);
    const before = room.tree();
    const outcome = await open().put(room.result([], { key, patterns: PATTERNS }));
    assert.ok(outcome.stored, JSON.stringify(outcome));
    for (let count = next(6); count > 0; count--) disturb(room, next);
    const recalled = await room.recall(open(), key, PATTERNS);
    assert.ok(recalled !== undefined, `round ${round} of seed ${SEED}`);
    assert.deepEqual(room.tree(), before, `round ${round} of seed ${SEED}`);
    const again = await room.recall(open(), key, PATTERNS);
    assert.deepEqual([again?.written, again?.removed], [0, 0], "what is right is left alone");
  }
});

Deno.test(`${ROUNDS} random logs are replayed byte for byte and in order, seed ${SEED}`, async () => {
  const next = random(SEED);
  using room = new CacheRoom();
  const cache = openLocalCache({
    files: room.files,
    clock: room.clock,
    dir: room.store,
    stateDir: room.state,
  });
  /** Invalid UTF-8, NUL, lone escapes and carriage returns, with and without a last line end. */
  const pieces = [
    "\xff\xfe",
    "\0",
    "\r",
    "\r\n",
    "\x1b",
    "\x1b[31m",
    "é",
    "line\n",
    "x".repeat(4090),
  ]
    .map((text) => Buffer.from(text, "latin1"));
  for (let round = 0; round < ROUNDS; round++) {
    const said: Said[] = Array.from(
      { length: next(30) },
      () => [pick(["out", "err"] as const, next), pick(pieces, next)],
    );
    const turns = joined(said);
    const whole = turns.map((
      [stream, text],
    ): Said => [stream, Buffer.from(text as string, "latin1")]);
    const key = keyOf(`log ${round}`);
    assert.ok((await cache.put(room.result(whole, { key }))).stored);
    assert.deepEqual(
      (await room.recall(cache, key))?.said,
      turns,
      `round ${round} of seed ${SEED}`,
    );
  }
});
