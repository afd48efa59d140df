import assert from "node:assert/strict";
import * as fs from "node:fs";
import { ODD_NAMES } from "../random.ts";
import { assertRecalled, build, type Case, KEY, PATTERNS, stored } from "./cases.ts";

export const ARTIFACTS: readonly Case[] = [
  {
    name: "artifacts that another process may be writing are not stored",
    async run(room, kit) {
      build(room);
      const result = room.result([], { key: KEY, patterns: PATTERNS, isAlone: () => false });
      const outcome = await kit.open(room).put(result);
      assert.ok(!outcome.stored && outcome.reason === "bad-artifact", JSON.stringify(outcome));
      assert.equal((await kit.open(room).get(KEY)).found, false);
    },
  },
  {
    name: "deleted and changed artifacts are put back",
    async run(room, kit) {
      build(room);
      const cache = await stored(room, kit);
      const before = room.tree();
      room.remove("dist/deep");
      room.write("dist/a.js", "A1", 0o644);
      const recalled = await room.recall(cache, KEY, PATTERNS);
      assertRecalled(recalled);
      assert.equal(recalled!.written, 2);
      assert.deepEqual(room.tree(), before);
    },
  },
  {
    name: "modes, symlinks and empty directories come back",
    async run(room, kit) {
      room.write("dist/run.sh", "#!/bin/sh", 0o755);
      room.write("dist/secret", "s", 0o600);
      room.write("dist/special", "s", 0o4755);
      room.link("dist/to-file", "run.sh");
      room.link("dist/dangling", "../not/there");
      room.link("dist/to-directory", "./sub/");
      room.mkdir("dist/sub/empty");
      const cache = await stored(room, kit);
      fs.chmodSync(room.path("dist/special"), 0o755);
      const before = room.tree();
      room.remove("dist");
      assertRecalled(await room.recall(cache, KEY, PATTERNS));
      assert.deepEqual(room.tree(), before);
    },
  },
  {
    name: "files that are right are not touched",
    async run(room, kit) {
      build(room);
      room.link("dist/link", "a.js");
      const cache = await stored(room, kit);
      const inodes = () =>
        ["a.js", "deep/b.bin", "link"].map((name) => fs.lstatSync(room.path(`dist/${name}`)).ino);
      const before = inodes();
      const recalled = await room.recall(cache, KEY, PATTERNS);
      assert.deepEqual([recalled?.written, recalled?.removed], [0, 0]);
      assert.deepEqual(inodes(), before);
    },
  },
  {
    name: "stale files go, tracked ones and those of others stay",
    async run(room, kit) {
      build(room);
      const cache = await stored(room, kit);
      const before = room.tree();
      room.write("dist/old/stale.js");
      room.link("dist/stale-link", "../source.txt");
      room.mkdir("dist/old/empty");
      room.write("report-old.xml");
      room.write("dist/tracked.js");
      room.write("distant.js");
      room.write("sub/report-x.txt");
      const recalled = await room.recall(cache, KEY, PATTERNS, ["dist/tracked.js"]);
      assert.equal(recalled?.removed, 3);
      const kept = ["dist/tracked.js", "distant.js", "sub", "sub/report-x.txt"];
      const others = room.tree().filter((line) => !kept.some((path) => line.includes(` ${path}`)));
      assert.deepEqual(others, before);
      for (const path of kept) assert.ok(fs.existsSync(room.path(path)), path);
    },
  },
  {
    name: "odd file names come back",
    async run(room, kit) {
      const names = [...ODD_NAMES.filter((name) => !name.includes("\\")), "n".repeat(255)];
      for (const name of names) room.write(`dist/${name}`, name);
      room.write("dist/sub dir\n/é/x", "deep");
      const cache = await stored(room, kit);
      const before = room.tree();
      if (kit.skips["deleted and changed artifacts are put back"] === undefined) {
        room.remove("dist");
      }
      assertRecalled(await room.recall(cache, KEY, PATTERNS));
      assert.deepEqual(room.tree(), before);
    },
  },
  {
    name: "a file takes a directory's place and the other way round",
    async run(room, kit) {
      room.write("dist/a/b", "deep");
      room.write("dist/c", "flat");
      room.mkdir("dist/e");
      room.link("dist/l", "c");
      const cache = await stored(room, kit);
      const before = room.tree();
      room.remove("dist");
      room.write("dist/a", "flat now");
      room.write("dist/c/x/y", "deep now");
      room.link("dist/e", "a");
      room.mkdir("dist/l/m");
      assertRecalled(await room.recall(cache, KEY, PATTERNS));
      assert.deepEqual(room.tree(), before);
      room.remove("dist");
      room.link("dist", "elsewhere");
      room.write("elsewhere/a/b", "deep");
      assertRecalled(await room.recall(cache, KEY, PATTERNS));
      assert.deepEqual(room.tree("dist"), before.slice(1).map((line) => line.replace("dist/", "")));
      assert.deepEqual(room.tree("elsewhere").length, 2, "nothing behind the symlink was touched");
    },
  },
  {
    name: "many files come back",
    async run(room, kit) {
      for (let at = 0; at < 2000; at++) room.write(`dist/${at % 50}/${at}.txt`, `${at % 700}`);
      const cache = await stored(room, kit);
      const before = room.tree();
      room.remove("dist/7");
      room.remove("dist/8/8.txt");
      assert.equal((await room.recall(cache, KEY, PATTERNS))?.written, 41);
      assert.deepEqual(room.tree(), before);
    },
  },
];
