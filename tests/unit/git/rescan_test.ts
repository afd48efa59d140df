import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Rescan } from "../../../lib/git/rescan.ts";
import type { Source } from "../../../lib/git/source.ts";
import { bulkLstat } from "../../../lib/sys/bulk_stat.ts";
import { openSys } from "../../../lib/sys/open.ts";

/** A tree in which `a/src/x` and `b/src/x` were listed, and what was asked about names in it. */
class Bench {
  readonly root = mkdtempSync(join(tmpdir(), "qik-rescan-"));
  readonly asked: string[][] = [];
  readonly #rescan: Rescan;
  #epoch = 0;

  constructor() {
    const listed = ["a/src/x", "b/src/x"];
    listed.forEach((path) => this.write(path));
    const source: Pick<Source, "ignored"> = {
      ignored: (paths) => {
        if (paths.length > 0) this.asked.push([...paths].sort());
        return Promise.resolve(new Set(paths.filter((path) => path.includes("ignored"))));
      },
    };
    const isListed = (path: string) => listed.includes(path);
    this.#rescan = new Rescan(
      openSys(),
      this.root,
      source as Source,
      bulkLstat,
      isListed,
      () => false,
    );
    this.#rescan.addParents(listed);
  }

  write(path: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), "");
  }

  /** How many directories were read so far. */
  get read(): number {
    return this.#rescan.read;
  }

  async look(...starts: readonly string[]) {
    return await this.#rescan.refresh(starts, this.#epoch += 1);
  }
}

function withBench(test: (bench: Bench) => Promise<void>): () => Promise<void> {
  return async () => {
    const bench = new Bench();
    try {
      await test(bench);
    } finally {
      rmSync(bench.root, { recursive: true, force: true });
    }
  };
}

Deno.test(
  "rescan: nobody is asked about names that no pathspec could select",
  withBench(async (bench) => {
    bench.write("a/out/result");
    assert.deepEqual(await bench.look("a/src"), { paths: [], rules: [], rulesInside: [] });
    assert.deepEqual(bench.asked, []);
    bench.write("a/src/new");
    assert.deepEqual((await bench.look("a/src")).paths, ["a/src/new"]);
    assert.deepEqual(bench.asked, [["a/src/new"]]);
  }),
);

Deno.test(
  "rescan: what was passed over is found when a pathspec could select it, in the same look or later",
  withBench(async (bench) => {
    bench.write("a/out/result");
    bench.write("a/other");
    bench.write("a/ignored/deep");
    await bench.look("a/src");
    assert.deepEqual((await bench.look("a/out", "b/src")).paths, ["a/out/result"]);
    assert.deepEqual((await bench.look("a/o")).paths, ["a/other"]);
    assert.deepEqual((await bench.look("")).paths, []);
    assert.deepEqual(bench.asked, [["a/out/"], ["a/out/result"], ["a/other"], ["a/ignored/"]]);
  }),
);

Deno.test(
  "rescan: new rules count, also beside what a pathspec could select",
  withBench(async (bench) => {
    await bench.look("a/src");
    bench.write("a/.gitignore");
    assert.deepEqual((await bench.look("a/src")).rules, ["a/.gitignore"]);
  }),
);

Deno.test(
  "rescan: a directory that is named as it is is read alone, and rules above it count all the same",
  withBench(async (bench) => {
    await bench.look("a/src/");
    assert.equal(bench.read, 1);
    bench.write("a/out/result");
    bench.write("a/src/new");
    assert.deepEqual(await bench.look("a/src/"), {
      paths: ["a/src/new"],
      rules: [],
      rulesInside: [],
    });
    bench.write(".gitignore");
    bench.write("a/.gitignore");
    assert.deepEqual((await bench.look("a/src/")).rules, [".gitignore", "a/.gitignore"]);
    assert.deepEqual(bench.asked, [["a/src/new"]]);
    // What was passed over is still found by whoever asks for more.
    assert.deepEqual((await bench.look("a/")).paths, ["a/.gitignore", "a/out/result"]);
  }),
);

Deno.test(
  "rescan: what takes the place of a directory that is named as it is is found",
  withBench(async (bench) => {
    await bench.look("a/src/");
    rmSync(join(bench.root, "a/src"), { recursive: true });
    bench.write("a/src");
    assert.deepEqual((await bench.look("a/src/")).paths, ["a/src"]);
    bench.write("a/deep/src/x");
    assert.deepEqual((await bench.look("a/deep/src/")).paths, ["a/deep/src/x"]);
  }),
);

Deno.test(
  "rescan: a directory on the way that is closed is read, to be known as closed",
  withBench(async (bench) => {
    await bench.look("a/src/");
    chmodSync(join(bench.root, "a"), 0o311);
    bench.write("a/src/new");
    const before = bench.read;
    const { paths } = await bench.look("a/src/");
    // Who may read everything finds it open.
    assert.deepEqual(paths, openSys().machine.uid === 0 ? ["a/src/new"] : []);
    assert.equal(bench.read - before, openSys().machine.uid === 0 ? 2 : 1);
    chmodSync(join(bench.root, "a"), 0o755);
  }),
);
