import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { QikError } from "../../../lib/base/problems.ts";
import type { Files, Sys } from "../../../lib/sys/sys.ts";
import { gitIds, gitStates, Ground, look } from "../../support/work_tree.ts";

function withFiles(sys: Sys, change: (files: Files) => Partial<Files>): Sys {
  return { ...sys, files: { ...sys.files, ...change(sys.files) } };
}

function denied(): never {
  throw Object.assign(new Error("denied"), { code: "EACCES" });
}

Deno.test("all unreadable inputs are named in one error", async () => {
  using ground = Ground.create({ a: "1", b: "2", c: "3" });
  const sys = withFiles(ground.sys(), (files) => ({
    read: (path) => /[ab]$/.test(path) ? denied() : files.read(path),
  }));
  const tree = await ground.tree({ sys });
  await assert.rejects(() => look(tree), (error) => {
    assert.ok(error instanceof QikError);
    assert.deepEqual(error.problems.map(({ code, message }) => [code, message]), [
      ["file-unreadable", 'Cannot read the input file "a": EACCES'],
      ["file-unreadable", 'Cannot read the input file "b": EACCES'],
    ]);
    return true;
  });
  assert.equal(
    (await look(tree, [".", "!a"], { exclude: ["b"] })).length,
    1,
    "what is left out is not read",
  );
});

Deno.test("a file that changes while it is read is read again", async () => {
  using ground = Ground.create({ a: "first", b: "1" });
  let reads = 0;
  const sys = withFiles(ground.sys(), (files) => ({
    read(path) {
      const bytes = files.read(path);
      if (path.endsWith("/a") && ++reads === 1) ground.write("a", "second, and longer");
      return bytes;
    },
  }));
  assert.deepEqual(await look(await ground.tree({ sys })), gitStates(ground));
  assert.equal(reads, 2);
});

Deno.test("a file that becomes something else while it is read is taken as that", async () => {
  using ground = Ground.create({ directory: "1", gone: "1", link: "1" });
  ground.commit();
  const changed = new Set<string>();
  const sys = withFiles(ground.sys(), (files) => ({
    read(path) {
      const name = path.slice(ground.root.length + 1);
      if (!path.startsWith(ground.root) || changed.has(name) || name.startsWith(".git")) {
        return files.read(path);
      }
      changed.add(name);
      fs.rmSync(path);
      if (name === "directory") fs.mkdirSync(path);
      if (name === "link") fs.symlinkSync("nowhere", path);
      return files.read(path);
    },
  }));
  const states = await look(await ground.tree({ sys }));
  assert.deepEqual(states.map(({ kind }) => kind), ["absent", "absent", "link"]);
});

Deno.test("a file that never stands still is reported, not hashed for ever", async () => {
  using ground = Ground.create({ a: "1" });
  let size = 1;
  const sys = withFiles(ground.sys(), (files) => ({
    read(path) {
      if (path.endsWith("/a")) ground.write("a", "x".repeat(++size));
      return files.read(path);
    },
  }));
  const tree = await ground.tree({ sys });
  await assert.rejects(
    () => look(tree),
    /Cannot read the input file "a": it changes while it is read/,
  );
});

Deno.test("large files are read in pieces and have git's id", async () => {
  using ground = Ground.create();
  const sizes = [(1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_500_000];
  for (const size of sizes) ground.write(`f${size}`, new Uint8Array(size).fill(size % 251));
  const largest = { bytes: 0 };
  const sys = withFiles(ground.sys(), (files) => ({
    read(path) {
      const bytes = files.read(path);
      largest.bytes = Math.max(largest.bytes, bytes?.length ?? 0);
      return bytes;
    },
  }));
  const states = await look(await ground.tree({ sys }));
  assert.deepEqual(
    states.map(({ digest }) => digest.slice("sha1:".length)),
    gitIds(ground, states.map(({ path }) => path)),
  );
  assert.equal(largest.bytes, 1 << 20, "nothing larger is read at once");
});

Deno.test("a pipe in the place of a tracked file is absent and never opened", async () => {
  using ground = Ground.create({ pipe: "1" });
  ground.commit();
  fs.rmSync(join(ground.root, "pipe"));
  execFileSync("mkfifo", [join(ground.root, "pipe")]);
  assert.deepEqual(await look(await ground.tree()), [{ path: "pipe", kind: "absent", digest: "" }]);
});

Deno.test("equal selections and states are the same objects of one look", async () => {
  using ground = Ground.create({ "a/1": "1", "a/2": "2", "b": "3" });
  let asked = 0;
  const { bulkLstat } = await import("../../../lib/sys/bulk_stat.ts");
  const tree = await ground.tree({
    lstat(root, paths, into) {
      asked += paths.filter((path) => path.includes("/") || path === "b").length;
      return bulkLstat(root, paths, into);
    },
  });
  const all = await look(tree);
  const part = await look(tree, ["a/*"]);
  assert.equal(part[1], all[1]);
  // Three files before and after they were read; the second selection asks nothing.
  assert.equal(asked, 6);
});

Deno.test("save never fails", async () => {
  using ground = Ground.create({ a: "1" });
  const sys = ground.sys();
  const clock = { ...sys.clock, now: () => sys.clock.now() + 3_600_000 };
  const tree = await ground.tree({
    sys: withFiles({ ...sys, clock }, () => ({ writeAtomic: denied })),
  });
  await look(tree);
  tree.save();
});
