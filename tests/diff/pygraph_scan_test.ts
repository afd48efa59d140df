/**
 * The scanner of imports against Python's own parser, over the whole standard library and some large packages:
 * the same names on the same lines, with the same marks.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { scan } from "../../plugins/pygraph/scan/scanner.ts";
import { stdlibModules } from "../../plugins/pygraph/stdlib.ts";
import { ROOT } from "../../scripts/root.ts";
import { pinnedPackages } from "../support/pygraph/packages.ts";
import { pythonTest } from "../support/python.ts";

type ToldImport = [string, number, string[] | null, number, boolean, boolean];

interface Told {
  readonly path: string;
  readonly imports?: readonly ToldImport[];
  readonly error?: string;
}

function sourcesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return entry.name === "site-packages" ? [] : sourcesBelow(path);
    return entry.isFile() && /\.pyi?$/.test(entry.name) ? [path] : [];
  });
}

function askPython(python: string, paths: readonly string[]): Told[] {
  const script = join(ROOT, "tests", "support", "pygraph", "imports.py");
  const out = execFileSync(python, [script], {
    input: paths.join("\0"),
    maxBuffer: 1 << 30,
    encoding: "utf8",
  });
  return out.trimEnd().split("\n").map((line) => JSON.parse(line));
}

function compare(python: string, directory: string): { compared: number; refused: number } {
  const counts = { compared: 0, refused: 0 };
  for (const { path, imports, error } of askPython(python, sourcesBelow(directory))) {
    const scanned = scan(readFileSync(path));
    if (error !== undefined) {
      // Broken on purpose, for the tests of Python itself, or of Python 2: what counts is that it is read.
      counts.refused++;
      continue;
    }
    const found = scanned.imports.map((one): ToldImport => [
      one.module,
      one.level,
      one.names === undefined ? null : [...one.names],
      one.line,
      one.typeChecking,
      one.optional,
    ]);
    assert.deepEqual(found, imports, path);
    assert.equal(scanned.flaw, undefined, path);
    counts.compared++;
  }
  return counts;
}

pythonTest("imports of the standard library, as ast finds them", () => {
  const print = "import os; print(os.path.dirname(os.__file__))";
  const library = execFileSync("python3", ["-c", print], { encoding: "utf8" }).trim();
  const { compared, refused } = compare("python3", library);
  assert.ok(compared > 500, `only ${compared} files were compared`);
  assert.ok(refused < 30, `Python refuses ${refused} files of its own`);
});

pythonTest("imports of Django, SQLAlchemy and Google's packages, as ast finds them", () => {
  const { site } = pinnedPackages();
  const { compared, refused } = compare("python3", site);
  assert.ok(compared > 1300, `only ${compared} files were compared`);
  // Templates of Django's commands are no Python, but end otherwise.
  assert.equal(refused, 0);
});

/** A piece is dropped, doubled, moved, or bytes are changed. */
function mutated(source: Uint8Array, pick: (below: number) => number): Uint8Array {
  const from = pick(source.length + 1);
  const to = from + pick(Math.min(200, source.length + 1 - from));
  const piece = source.subarray(from, to);
  const [before, after] = [source.subarray(0, from), source.subarray(to)];
  const byte = Uint8Array.of([0, 10, 13, 34, 39, 40, 92, 123, 125, 255][pick(10)]!);
  const parts = [
    [before, after],
    [before, piece, piece, after],
    [piece, before, after],
    [before, byte, piece, after],
    [before, byte, after],
  ][pick(5)]!;
  return new Uint8Array(Buffer.concat(parts));
}

pythonTest("real files with damage are read to their end", () => {
  let state = 20_269;
  const pick = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  const paths = sourcesBelow(pinnedPackages().site).sort();
  for (let round = 0; round < 3000; round++) {
    let source: Uint8Array = readFileSync(paths[pick(paths.length)]!);
    for (let damage = 0; damage <= pick(4); damage++) source = mutated(source, pick);
    const { imports } = scan(source);
    const lines = source.filter((byte) => byte === 10 || byte === 13).length + 1;
    assert.ok(imports.every(({ line }) => line >= 1 && line <= lines));
  }
});

pythonTest("the names of the standard library, as the interpreter tells them", () => {
  const print =
    "import json, sys; print(json.dumps([sys.version_info[1], sorted(sys.stdlib_module_names)]))";
  const told = execFileSync("python3", ["-c", print], { encoding: "utf8" });
  const [minor, names] = JSON.parse(told) as [number, string[]];
  const known = stdlibModules(minor);
  assert.deepEqual(names.filter((name) => !known.has(name)), []);
  const extra = [...known].filter((name) => !names.includes(name) && !/^_|^xx/.test(name));
  assert.deepEqual(extra, ["test"]);
});
