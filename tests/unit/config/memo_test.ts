import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Files } from "../../../lib/sys/sys.ts";
import { Folder, KINDS } from "./rig.ts";

const MEMO = "._qik/state/config.json";

function project(): Folder {
  return new Folder({
    "qik.toml": 'modules = ["a", "b"]\n[commands]\nx = "1"\n',
    "a/qik.toml": '[commands]\ny = "2"\n',
    "b/": "",
  });
}

/** Loads twice; the second load is answered by the memo. */
async function warmed(): Promise<Folder> {
  const folder = project();
  const cold = await folder.load({ useMemo: true });
  const warm = await folder.load({ useMemo: true });
  assert.deepEqual([cold.remembered, warm.remembered], [false, true]);
  assert.deepEqual(warm.value, cold.value);
  assert.deepEqual(warm.sources, cold.sources);
  return folder;
}

Deno.test("memo: the second load is remembered and ignored by git", async () => {
  using folder = await warmed();
  assert.equal(readFileSync(`${folder.path}/._qik/.gitignore`, "utf8"), "*\n");
});

Deno.test("memo: every change of what was read is seen", async () => {
  const changes: Readonly<Record<string, (folder: Folder) => void>> = {
    "the project file": (folder) => folder.write("qik.toml", 'modules = ["a"]\n'),
    "a module's file": (folder) => folder.write("a/qik.toml", '[commands]\nz = "3"\n'),
    "a module's file appears": (folder) => folder.write("b/qik.toml", '[commands]\nz = "3"\n'),
    "a module's file goes": (folder) => rmSync(`${folder.path}/a/qik.toml`),
    "a module's directory goes": (folder) => rmSync(`${folder.path}/b`, { recursive: true }),
    "the project file goes": (folder) => rmSync(`${folder.path}/qik.toml`),
  };
  for (const [name, change] of Object.entries(changes)) {
    using folder = await warmed();
    change(folder);
    const after = await folder.load({ useMemo: true });
    const fresh = await folder.load({ useMemo: false });
    assert.equal(after.remembered, false, name);
    assert.deepEqual(after.value, fresh.value, name);
    assert.deepEqual(after.problems, fresh.problems, name);
  }
});

Deno.test("memo: another version, other kinds or another file do not use it", async () => {
  using folder = await warmed();
  const kinds = new Map([...KINDS.kinds].slice(1));
  for (
    const change of [{ version: "2" }, { kinds }, { plugins: new Map() }, { file: "a/qik.toml" }]
  ) {
    assert.equal((await folder.load({ useMemo: true, ...change })).remembered, false);
    await folder.load({ useMemo: true });
  }
});

Deno.test("memo: every truncation and every flipped byte is a fresh load", async () => {
  using folder = await warmed();
  const path = `${folder.path}/${MEMO}`;
  const good = readFileSync(path);
  const { value } = await folder.load();
  const damaged = [
    ...Array.from({ length: 40 }, (_, i) => good.subarray(0, Math.floor(good.length * i / 40))),
    ...Array.from({ length: good.length }, (_, at) => {
      const copy = Uint8Array.from(good);
      copy[at] = copy[at]! ^ 1;
      return copy;
    }),
    new TextEncoder().encode("null\nnull"),
    new TextEncoder().encode("[]\n"),
  ];
  for (const bytes of damaged) {
    writeFileSync(path, bytes);
    const loaded = await folder.load({ useMemo: true });
    assert.equal(loaded.remembered, false);
    assert.deepEqual(loaded.value, value);
  }
  assert.equal((await folder.load({ useMemo: true })).remembered, true, "rewritten");
});

Deno.test("memo: problems are never remembered", async () => {
  using folder = new Folder({ "qik.toml": "a = 1" });
  await folder.load({ useMemo: true });
  assert.equal(folder.files.stat(`${folder.path}/${MEMO}`), undefined);
});

Deno.test("memo: a disk that cannot be written changes nothing", async () => {
  using folder = project();
  const refuse = () => {
    throw Object.assign(new Error("read-only"), { code: "EROFS" });
  };
  const files: Files = { ...folder.files, writeAtomic: refuse, create: refuse };
  const loaded = await folder.load({ files, useMemo: true });
  assert.deepEqual(loaded.problems, []);
  assert.equal(loaded.value.commands.length, 2);
});

Deno.test("memo: a memo that cannot be read changes nothing", async () => {
  using folder = await warmed();
  const read = (path: string) => {
    if (path.endsWith(MEMO)) throw Object.assign(new Error("no"), { code: "EACCES" });
    return folder.files.read(path);
  };
  const loaded = await folder.load({ files: { ...folder.files, read }, useMemo: true });
  assert.equal(loaded.remembered, false);
  assert.deepEqual(loaded.problems, []);
});
