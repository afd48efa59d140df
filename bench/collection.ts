/**
 * How long a collection of a large store takes: `deno run -A bench/collection.ts [entries]`, 100,000 by default. Half
 * of the results are older than `max-age`; each has a content of its own. Uses `QIK_BIN`, else `dist/qik`.
 */
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { writeEntry } from "../lib/cache/entry.ts";
import { sha256 } from "../lib/sys/digest.ts";

const entries = Number(Deno.args[0] ?? 100_000);
const root = fs.mkdtempSync(`${tmpdir()}/qik-collection-`);
const home = `${root}/._qik/cache/v1`;
const encoder = new TextEncoder();

function shelved(part: string, name: string, text: Uint8Array, at: number): void {
  const directory = `${home}/${part}/${name.slice(0, 2)}`;
  fs.mkdirSync(directory, { recursive: true });
  fs.writeFileSync(`${directory}/${name}`, text);
  fs.utimesSync(`${directory}/${name}`, at, at);
}

fs.writeFileSync(`${root}/qik.toml`, '[commands]\nc = "true"\n');
const now = Date.now() / 1000;
for (let at = 0; at < entries; at++) {
  const used = now - 86_400 * (at % 2 === 0 ? 5 : 50);
  const bytes = encoder.encode(`content ${at}`);
  const content = sha256(bytes);
  const key = sha256(encoder.encode(`key ${at}`));
  const log = { digest: sha256(new Uint8Array()), size: 0, turns: [] };
  const artifact = { path: "out", kind: "file", mode: 0o644, size: bytes.length, content } as const;
  const manifest = {
    schema: 1,
    key,
    task: `t${at % 500}`,
    exit: 0,
    tookMs: 1,
    storedAt: used * 1000,
    log,
    artifacts: [artifact],
  } as const;
  shelved("blobs", content, bytes, used);
  const entry = writeEntry({ manifest, inline: new Map() }, '["exec\\tmake"]');
  shelved("entries", `${key}.json`, entry, used);
}
const qik = Deno.env.get("QIK_BIN") ?? new URL("../dist/qik", import.meta.url).pathname;
for (
  const args of [[":cache", "gc"], [":cache", "gc"], [":cache", "verify"], [":cache", "stats"]]
) {
  const began = performance.now();
  const { stdout } = new Deno.Command(qik, { args, cwd: root }).outputSync();
  const took = ((performance.now() - began) / 1000).toFixed(2);
  console.log(
    `${took} s  qik ${args.join(" ")}: ${new TextDecoder().decode(stdout).split("\n")[0]}`,
  );
}
fs.rmSync(root, { recursive: true });
