import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSys } from "../../../../lib/sys/open.ts";
import { runBuild } from "../../../../plugins/pygraph/build_task.ts";
import type { SourceFile } from "../../../../plugins/pygraph/graph/build.ts";
import { encodeGraph } from "../../../../plugins/pygraph/graph/graph.ts";
import { fileOf, graphOf } from "./repository.ts";

const { files } = openSys();
const GRAPH = "._qik/graph.json";

/** A directory of Python files whose graph is made again and again. */
class Bench {
  readonly root = mkdtempSync(join(tmpdir(), "qik-pygraph-build-"));
  sources: Record<string, string> = {};
  /** Digests that the inputs are told with, where they are not those of the files. */
  told: Record<string, string> = {};

  constructor() {
    files.makeDirectory(`${this.root}/._qik/state`);
  }

  write(sources: Record<string, string>): void {
    this.sources = { ...this.sources, ...sources };
    for (const [path, text] of Object.entries(sources)) writeFileSync(join(this.root, path), text);
  }

  remove(path: string): void {
    delete this.sources[path];
    rmSync(join(this.root, path));
  }

  async build(): Promise<
    { readonly read: number; readonly out: string; readonly changed: string[] }
  > {
    const inputs = Object.entries(this.sources).map(([path, text]): SourceFile =>
      fileOf(path, this.told[path] ?? text)
    ).sort((a, b) => a.path < b.path ? -1 : 1);
    const changed = new Set<string>();
    let out = "";
    const code = await runBuild(
      {
        root: this.root,
        files,
        stop: new AbortController().signal,
        world: {
          inputs: () => Promise.resolve(inputs),
          linkedDirectories: () => Promise.resolve([]),
        },
        write: (_: string, text: string) => void (out += text),
        changed: (path: string) => void changed.add(path),
      } as never,
      "",
      GRAPH,
    );
    assert.equal(code, 0);
    return { read: Number(/(\d+) files read/.exec(out)![1]), out, changed: [...changed] };
  }

  /** The graph on the disk is the one that nothing remembered could have spoiled. */
  check(): void {
    assert.equal(this.text(), new TextDecoder().decode(encodeGraph(graphOf(this.sources))));
  }

  text(): string {
    return readFileSync(join(this.root, GRAPH), "utf8");
  }
}

function benchTest(name: string, test: (bench: Bench) => Promise<void>): void {
  Deno.test(`build: ${name}`, async () => {
    const bench = new Bench();
    try {
      bench.write({ "a.py": "import b\n", "b.py": "import c\n", "c.py": "X = 1\n" });
      await test(bench);
    } finally {
      rmSync(bench.root, { recursive: true });
    }
  });
}

benchTest("each content is read once, whatever becomes of the files", async (bench) => {
  assert.equal((await bench.build()).read, 3);
  assert.equal((await bench.build()).read, 0);
  bench.write({ "b.py": "import c # again\n" });
  assert.equal((await bench.build()).read, 1);
  bench.write({ "b.py": "import c\n", "d.py": "import b # too\n" });
  assert.equal((await bench.build()).read, 1);
  bench.check();
  bench.remove("a.py");
  assert.equal((await bench.build()).read, 0);
  bench.check();
});

benchTest("an edit that changes no import leaves the graph where it is", async (bench) => {
  await bench.build();
  const before = files.lstat(join(bench.root, GRAPH))!;
  bench.write({ "c.py": "X = 2\n" });
  assert.equal((await bench.build()).read, 1);
  assert.deepEqual(files.lstat(join(bench.root, GRAPH)), before);
  bench.check();
});

benchTest(
  "an edit that changes imports, or a mistake in a file, changes the graph",
  async (bench) => {
    await bench.build();
    for (
      const text of [
        "import a, new\n",
        "import a, new\nx = '''\nimport z",
        "import b # 1\n",
        "# 2",
        "import c # 3\n",
      ]
    ) {
      bench.write({ "c.py": text });
      const { read, out } = await bench.build();
      assert.equal(read, 1);
      assert.equal(out.includes("c.py:2: a string that is never closed"), text.includes("'''"));
      bench.check();
    }
  },
);

benchTest("a graph that is gone, damaged or another one is made anew", async (bench) => {
  await bench.build();
  for (const damage of ["", "{}", bench.text().replace("b", "x")]) {
    writeFileSync(join(bench.root, GRAPH), damage);
    bench.write({ "c.py": `import a # ${damage.length}\n` });
    await bench.build();
    bench.check();
  }
  rmSync(join(bench.root, GRAPH));
  await bench.build();
  bench.check();
});

benchTest(
  "memories that are torn, foreign or from other versions only cost time",
  async (bench) => {
    await bench.build();
    for (const name of ["pygraph-build", "pygraph-scans"]) {
      const path = join(bench.root, "._qik/state", name);
      const whole = readFileSync(path);
      for (
        const damage of [
          whole.subarray(0, whole.length / 2),
          new Uint8Array([0, 255, 10, 9]),
          new Uint8Array(),
          new TextEncoder().encode("another\0format\nsha1:\t{}\n"),
        ]
      ) {
        writeFileSync(path, damage);
        bench.write({ "c.py": `import a # ${name} ${damage.length}\n` });
        await bench.build();
        bench.check();
      }
      appendFileSync(path, "sha1:torn");
      bench.write({ "c.py": `import b # ${name}\n` });
      await bench.build();
      bench.check();
    }
  },
);

benchTest("memories with a letter changed, wherever it is, only cost time", async (bench) => {
  await bench.build();
  for (const name of ["pygraph-build", "pygraph-scans"]) {
    const path = join(bench.root, "._qik/state", name);
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at += 4) {
      const damaged = Uint8Array.from(whole);
      damaged[at] = damaged[at]! ^ 1; // one bit
      writeFileSync(path, damaged);
      await bench.build();
      bench.check();
      // And where not all is known from the last time.
      rmSync(join(bench.root, GRAPH));
      writeFileSync(path, damaged);
      await bench.build();
      bench.check();
    }
    await bench.build();
    assert.equal((await bench.build()).read, 0, "it is mended");
  }
});

benchTest("memories that cannot be read or written only cost time", async (bench) => {
  for (const name of ["pygraph-build", "pygraph-scans"]) {
    rmSync(join(bench.root, "._qik/state", name), { force: true });
    mkdirSync(join(bench.root, "._qik/state", name));
    await bench.build();
    bench.check();
    bench.write({ "c.py": `import b # ${name}\n` });
    await bench.build();
    bench.check();
  }
});

benchTest(
  "a file that is not what the key says is told, and nothing goes on from it",
  async (bench) => {
    await bench.build();
    bench.told = { "c.py": "import nothing\n" };
    bench.write({ "c.py": "import a\n" });
    assert.deepEqual((await bench.build()).changed, ["c.py"]);
    bench.told = {};
    bench.write({ "c.py": "X = 1\n" });
    assert.deepEqual((await bench.build()).changed, []);
    bench.check();
    rmSync(join(bench.root, "c.py"));
    bench.told = { "c.py": "gone since\n" };
    assert.deepEqual((await bench.build()).changed, ["c.py"], "it is gone");
  },
);
