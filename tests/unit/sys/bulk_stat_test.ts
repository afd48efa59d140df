import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BulkLstat,
  bulkLstat,
  leftAlone,
  lstatEach,
  newStatRows,
  sameStat,
  STAT,
  STAT_WORDS,
  statKind,
  type StatRows,
  statSize,
  statTimes,
} from "../../../lib/sys/bulk_stat.ts";
import { statxHere } from "../../../lib/sys/statx.ts";

function scratch(): string {
  return fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "qik-stat-")));
}

function rowsOf(ask: BulkLstat, root: string, paths: readonly string[]): StatRows {
  const rows = newStatRows(paths.length);
  // Rows are used again and again: what stood in them must not shine through.
  rows.words.fill(0xffff_ffff);
  assert.deepEqual(ask(root, paths, rows), []);
  return rows;
}

Deno.test("both ways to ask say the same about every kind of thing, whatever its name", () => {
  const root = scratch();
  try {
    fs.mkdirSync(join(root, "dir"));
    for (const name of ["plain", "dir/é 😀\n", "x".repeat(255)]) {
      fs.writeFileSync(join(root, name), name);
    }
    fs.chmodSync(join(root, "plain"), 0o755);
    fs.symlinkSync("nowhere", join(root, "link"));
    fs.symlinkSync("loop", join(root, "loop"));
    execFileSync("mkfifo", [join(root, "pipe")]);
    fs.utimesSync(join(root, "dir/é 😀\n"), 0, -1.5);
    const long = `${"y".repeat(300)}/z`;
    const paths = [
      "plain",
      "",
      "dir",
      "dir/é 😀\n",
      "gone",
      "plain/below",
      "loop/below",
      long,
      "link",
      "x".repeat(255),
      "pipe",
    ];
    const fast = rowsOf(bulkLstat, root, paths);
    const slow = rowsOf(lstatEach, root, paths);
    const kinds = paths.map((_, row) => statKind(fast, row));
    assert.deepEqual(kinds, [
      "exec",
      "directory",
      "directory",
      "file",
      "none",
      "none",
      "none",
      "none",
      "symlink",
      "file",
      "other",
    ]);
    const times = new Set<number>([STAT.mtimeNs, STAT.ctimeNs]);
    for (const [row, path] of paths.entries()) {
      for (let word = 0; word < STAT_WORDS; word++) {
        // Deno's own call knows no nanoseconds, and rounds what is before 1970.
        if (times.has(word) || (path.startsWith("dir/") && word === STAT.mtime)) continue;
        const at = row * STAT_WORDS + word;
        assert.equal(fast.words[at], slow.words[at], `${path}, word ${word}`);
      }
    }
    assert.equal(statSize(fast, 0), 5);
    // A few are asked another way.
    for (const [row, path] of paths.entries()) {
      const one = rowsOf(bulkLstat, root, [path]);
      assert.ok(sameStat(one, 0, fast, row), path);
    }
  } finally {
    fs.rmSync(root, { recursive: true });
  }
});

Deno.test("times keep their nanoseconds where the C library can be asked", () => {
  assert.ok(statxHere() !== undefined, "this machine has a C library that both runtimes can open");
  const root = scratch();
  try {
    const stamps = ["2001-02-03T04:05:06.789012345Z", "2106-02-07T06:28:17.000000001Z"];
    for (const [at, stamp] of stamps.entries()) {
      fs.writeFileSync(join(root, `${at}`), "");
      execFileSync("touch", ["-d", stamp, join(root, `${at}`)]);
    }
    const rows = rowsOf(bulkLstat, root, ["0", "1"]);
    assert.equal(statTimes(rows, 0)[0], 981_173_106_789_012_345n);
    assert.equal(statTimes(rows, 1)[0], 4_294_967_297_000_000_001n);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
});

Deno.test("a size above 4 GiB is whole, and a root that is gone has nothing in it", () => {
  const root = scratch();
  try {
    fs.writeFileSync(join(root, "sparse"), "");
    fs.truncateSync(join(root, "sparse"), 5 * 2 ** 32 + 7);
    assert.equal(statSize(rowsOf(bulkLstat, root, ["sparse"]), 0), 5 * 2 ** 32 + 7);
    assert.equal(statKind(rowsOf(bulkLstat, join(root, "gone"), ["f"]), 0), "none");
  } finally {
    fs.rmSync(root, { recursive: true });
  }
});

Deno.test("a time is believed 2 s after the end of its tick, and not before", () => {
  const SECOND = 1_000_000_000n;
  const [base, ticks] = [1_700_000_000n * SECOND, [SECOND, 1_000_000n, 1n]];
  for (
    const [offset, tick] of [[0n, ticks[0]!], [5_000_000n, ticks[1]!], [1n, ticks[2]!]] as const
  ) {
    const rows = newStatRows(1);
    for (const at of [STAT.mtime, STAT.ctime]) rows.words[at] = 1_700_000_000;
    for (const at of [STAT.mtimeNs, STAT.ctimeNs]) rows.words[at] = Number(offset);
    const first = base + offset + tick + 2n * SECOND + 1n;
    for (const late of [0n, 1n, SECOND - 1n, SECOND, 3n * SECOND]) {
      assert.equal(leftAlone(rows, 0, first + late), true, `${offset} ${late}`);
    }
    for (const early of [1n, 2n, SECOND - 1n, SECOND, 3n * SECOND]) {
      assert.equal(leftAlone(rows, 0, first - early), false, `${offset} ${early}`);
    }
    rows.words[STAT.ctime] = 1_700_000_100;
    assert.equal(leftAlone(rows, 0, first + 3n * SECOND), false, "the later one decides");
  }
});
