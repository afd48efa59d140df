import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import {
  explainMiss,
  explanationOf,
  latestKeys,
  recordExplanation,
  rememberKey,
} from "../../../lib/cache/explain.ts";
import { openLocalCache } from "../../../lib/cache/local.ts";
import { CacheRoom, filesBelow, keyOf } from "../../support/cache_room.ts";

const BASE = [
  "exec\tmake",
  "file count\t3",
  "file a.py\tfile sha1:1",
  "file b.py\tfile sha1:2",
  "env CI\tkeyed:1",
];

function why(room: CacheRoom, lines: readonly string[], key?: string, task = "build"): string {
  const place = { files: room.files, dir: room.store, task, lines };
  return explainMiss(key === undefined ? place : { ...place, key });
}

function record(room: CacheRoom, name: string, lines: readonly string[], task = "build"): void {
  recordExplanation({ files: room.files, dir: room.store, task }, keyOf(name), lines);
}

Deno.test("a miss is explained against the earlier entry", () => {
  using room = new CacheRoom();
  assert.equal(why(room, BASE), "first run");
  record(room, "1", BASE);
  const cases: readonly (readonly [lines: string[], answer: string])[] = [
    [BASE.with(0, "exec\tmake -j"), "exec changed"],
    [BASE.with(4, "env CI\tkeyed:2"), "env CI changed"],
    [BASE.with(2, "file a.py\texec sha1:1"), "1 file changed: a.py"],
    [[...BASE, "file é\tx\ny\tfile sha1:3"], "1 file added: é\\tx\\ny"],
    [BASE.toSpliced(3, 1), "1 file deleted: b.py"],
    [BASE.with(3, "file b.py\tabsent "), "1 file deleted: b.py"],
    [BASE.toSpliced(1, 1, "file count\t4"), "evicted"],
    [
      [
        "file count\t9",
        "exec\tx",
        "tool ruff\t1",
        "env A\t1",
        "env B\t1",
        "file a.py\tfile sha1:9",
        "file b.py\tfile sha1:9",
      ],
      "2 files changed: a.py, b.py; exec changed; tool ruff added; env A added; 2 more",
    ],
    [
      [...BASE, ...["c", "d", "e", "f"].map((name) => `file ${name}\tfile sha1:0`)],
      "4 files added: c, d, e, …",
    ],
  ];
  for (const [lines, answer] of cases) assert.equal(why(room, lines), answer);
  assert.equal(why(room, BASE, undefined, "another task"), "first run");
});

Deno.test("what is still there was not deleted: it is used no longer", () => {
  using room = new CacheRoom();
  record(room, "1", BASE);
  const place = { files: room.files, dir: room.store, task: "build" };
  const stands = (path: string) => path === "b.py";
  const lines = [BASE[0]!, BASE[4]!];
  assert.equal(
    explainMiss({ ...place, lines, stands }),
    "1 file deleted: a.py; 1 file no longer used: b.py",
  );
});

Deno.test("a tracked file that was deleted and comes back is told as such", () => {
  using room = new CacheRoom();
  record(room, "1", ["file a.py\tabsent ", "exec\tabsent"]);
  assert.equal(
    why(room, ["file a.py\tfile sha1:1", "exec\tx"]),
    "1 file added: a.py; exec changed",
  );
});

Deno.test("a task that ran without a stored result has no first run", () => {
  using room = new CacheRoom();
  const place = { files: room.files, dir: room.store, task: "build", lines: BASE };
  assert.equal(explainMiss({ ...place, ranBefore: true }), "no stored result");
  assert.equal(explainMiss({ ...place, ranBefore: false }), "first run");
  record(room, "1", BASE.with(0, "exec\tx"));
  assert.equal(explainMiss({ ...place, ranBefore: true }), "exec changed");
});

Deno.test("lists of several lines are compared as lists", () => {
  using room = new CacheRoom();
  record(room, "1", ["args count\t2", "args\ta", "args\tb"]);
  assert.equal(why(room, ["args count\t2", "args\ta", "args\tb"]), "evicted");
  assert.equal(why(room, ["args count\t2", "args\tb", "args\ta"]), "args changed");
});

Deno.test("of several earlier entries the nearest one explains", () => {
  using room = new CacheRoom();
  record(room, "1", BASE);
  record(room, "2", ["exec\tother"]);
  assert.equal(why(room, BASE.with(0, "exec\tmake -j")), "exec changed");
  assert.equal(why(room, BASE, keyOf("2")), "evicted", "there was an entry under this very key");
});

Deno.test("the list of a task's keys begins wherever it can, and is closed to others", () => {
  using room = new CacheRoom();
  const list = () => filesBelow(`${room.store}/v1/tasks`).at(0)!;
  const known = () => latestKeys(room.files, room.store, "build");
  const begins = (name: string, stands: (path: string) => void) => {
    const path = list();
    fs.rmSync(path, { recursive: true });
    stands(path);
    rememberKey({ files: room.files, dir: room.store, task: "build" }, keyOf(name));
    assert.deepEqual(known(), [keyOf(name)]);
    assert.equal(fs.lstatSync(path).mode & 0o777, 0o600);
  };
  // No directory yet.
  record(room, "1", BASE);
  assert.deepEqual(known(), [keyOf("1")]);
  begins("2", () => {});
  begins("3", (path) => fs.writeFileSync(path, "\n\0\0\0\n"));
  begins("4", (path) => fs.mkdirSync(`${path}/deep`, { recursive: true }));
  begins("5", (path) => fs.symlinkSync(`${room.root}/elsewhere`, path));
  assert.equal(fs.existsSync(`${room.root}/elsewhere`), false, "no symlink is followed");
  // Cut in its first line, by a full disk, say.
  fs.writeFileSync(list(), keyOf("6").slice(0, 20));
  record(room, "7", BASE);
  assert.equal(known().at(-1), keyOf("7"));
  assert.equal(why(room, BASE.with(0, "exec\tmake -j")), "exec changed");
});

Deno.test("an explanation never fails, whatever the store holds", () => {
  using room = new CacheRoom();
  record(room, "1", BASE);
  for (const content of ["", "[1]", "{", "\xff\xff", `["exec`]) {
    for (const path of filesBelow(room.store)) fs.writeFileSync(path, content);
    assert.match(why(room, BASE), /^(first run|evicted)$/);
  }
  fs.rmSync(room.store, { recursive: true });
  assert.equal(why(room, BASE), "first run");
});

Deno.test("terminal escapes in names do not reach the line", () => {
  using room = new CacheRoom();
  record(room, "1", []);
  const line = why(room, [
    "file \x1b]0;title\x07\x9b\tfile sha1:0",
    "env \x1b[31m\t1",
    "file a\udcff\tfile sha1:1",
  ]);
  assert.equal(
    line,
    "2 files added: \\x1b]0;title\\x07\\x9b, a\\udcff; env \\x1b[31m added",
  );
});

Deno.test("a short explanation stands in the entry, a long one beside it", async () => {
  for (const [count, beside] of [[50, 0], [500, 1]] as const) {
    using room = new CacheRoom();
    const { files, clock, store: dir, state: stateDir } = room;
    room.write("dist/a", "a");
    const lines = Array.from(
      { length: count },
      (_, at) => `file ${at}.py\tfile sha1:${keyOf(`${at}`)}`,
    );
    const result = { ...room.result([], { key: keyOf("1"), patterns: ["dist"] }), task: "build" };
    const cache = openLocalCache({ files, clock, dir, stateDir });
    assert.ok((await cache.put({ ...result, explanation: lines })).stored);
    const whys = filesBelow(dir).filter((path) => path.endsWith(".why"));
    assert.equal(whys.length, beside);
    assert.deepEqual(explanationOf(files, dir, keyOf("1")), lines);
    assert.equal(why(room, lines.with(7, "file 7.py\tfile sha1:2")), "1 file changed: 7.py");
    assert.ok((await cache.get(keyOf("1"))).found);
  }
});

Deno.test("an explanation in a damaged entry, or in that of another key, is not believed", async () => {
  using room = new CacheRoom();
  const { files, clock, store: dir, state: stateDir } = room;
  const cache = openLocalCache({ files, clock, dir, stateDir });
  for (const name of ["1", "2"]) {
    const result = room.result([], { key: keyOf(name), patterns: [] });
    assert.ok((await cache.put({ ...result, task: "build", explanation: BASE })).stored);
  }
  const [one, two] = ["1", "2"].map((name) =>
    filesBelow(`${dir}/v1/entries`).find((path) => path.endsWith(`${keyOf(name)}.json`))!
  ) as [string, string];
  const whole = fs.readFileSync(one);
  assert.deepEqual(explanationOf(files, dir, keyOf("1")), BASE);
  const flipped = Buffer.from(whole);
  flipped[whole.indexOf("file a.py")]! ^= 1;
  fs.writeFileSync(one, flipped);
  assert.equal(explanationOf(files, dir, keyOf("1")), undefined);
  const found = await cache.get(keyOf("1"));
  assert.ok(
    !found.found && found.reason === "damaged",
    "what no hit reads is verified all the same",
  );
  fs.writeFileSync(two, whole);
  assert.equal(explanationOf(files, dir, keyOf("2")), undefined);
});
