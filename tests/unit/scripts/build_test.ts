import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { findBun } from "../../../scripts/build/bun.ts";
import { bundle } from "../../../scripts/build/bundle.ts";
import { bunArguments, compileTo, denoArguments } from "../../../scripts/build/compile.ts";
import { ROOT } from "../../../scripts/root.ts";
import { runCommand } from "../../../scripts/steps/command.ts";

/** A directory for outputs, as the path from the checkout that `compileTo` wants. */
async function outputDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "qik-build-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const inside = (path: string, name: string) => relative(ROOT, join(path, name));
const writing = (text: string) => (out: string) => ["sh", "-c", `printf '${text}' > "$0"`, out];

Deno.test("all outputs are one file, and nothing else is left", async () => {
  await using directory = await outputDirectory();
  await compileTo(writing("new"), [inside(directory.path, "qik"), inside(directory.path, "qikx")]);
  assert.deepEqual((await readdir(directory.path)).sort(), ["qik", "qikx"]);
  const [one, two] = await Promise.all(
    ["qik", "qikx"].map((name) => stat(join(directory.path, name))),
  );
  assert.equal(one!.ino, two!.ino);
  await compileTo(writing("newer"), [
    inside(directory.path, "qik"),
    inside(directory.path, "qikx"),
  ]);
  assert.equal(await readFile(join(directory.path, "qikx"), "utf8"), "newer");
});

Deno.test("a compiler that fails or writes nothing leaves the old executable alone", async () => {
  await using directory = await outputDirectory();
  const qik = join(directory.path, "qik");
  await writeFile(qik, "old");
  const failing = (out: string) => ["sh", "-c", 'echo half > "$0"; echo "no luck"; exit 1', out];
  for (const argv of [failing, () => ["true"]]) {
    await assert.rejects(compileTo(argv, [inside(directory.path, "qik")]), /Cannot compile/);
    assert.equal(await readFile(qik, "utf8"), "old");
    assert.deepEqual(await readdir(directory.path), ["qik"]);
  }
});

Deno.test("an executable takes nothing from the place it is started in", async () => {
  await using directory = await outputDirectory();
  const entry = join(directory.path, "main.ts");
  await writeFile(
    entry,
    'console.log(process.env.PLACE ?? "", globalThis.place ?? "", process.argv.length);',
  );
  const bun = await findBun();
  const argv = (out: string) => [bun, ...bunArguments(out, "", undefined, entry)];
  await compileTo(argv, [inside(directory.path, "made")]);
  const place = join(directory.path, "place");
  await mkdir(place);
  await writeFile(join(place, ".env"), "PLACE=env\n");
  await writeFile(join(place, "bunfig.toml"), 'preload = ["./pre.ts"]\n');
  await writeFile(join(place, "pre.ts"), 'globalThis.place = "preloaded";\n');
  const { code, text } = await runCommand({
    argv: ["sh", "-c", `cd "$0" && ../made --eval 1`, place],
  });
  assert.deepEqual([code, text.trim()], [0, "4"]);
});

Deno.test("both compilers start from the same file and write where they are told", () => {
  const bun = bunArguments("out/qik", "abc", "darwin-arm64");
  assert.deepEqual([bun[0], bun.at(-1)], ["build", "main.ts"]);
  assert.ok(bun.includes("--outfile=out/qik") && bun.includes("--target=bun-darwin-arm64"));
  const deno = denoArguments("out/qik");
  assert.deepEqual([deno[0], deno.at(-1), deno.at(-2)], ["compile", "main.ts", "out/qik"]);
});

Deno.test("a bundle is main.ts in a few files, and takes the place of the one before it", async () => {
  await using directory = await outputDirectory();
  await writeFile(join(directory.path, "old.js"), "");
  const place = join(directory.path, "made");
  await mkdir(place);
  await writeFile(join(place, "old.js"), "");
  await bundle(relative(ROOT, place));
  assert.deepEqual((await readdir(directory.path)).sort(), ["made", "old.js"]);
  const names = await readdir(place);
  assert.ok(names.includes("main.js") && !names.includes("old.js"), names.join());
  const argv = [Deno.execPath(), "run", "-A", "--no-config", join(place, "main.js"), "--version"];
  const { code, text } = await runCommand({ argv });
  const own = await runCommand({ argv: [Deno.execPath(), "run", "-A", "main.ts", "--version"] });
  assert.deepEqual([code, text], [own.code, own.text]);
});
