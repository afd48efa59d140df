import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { directoriesBehind, linksAmong } from "../../../lib/git/linked_directories.ts";
import { bulkLstat } from "../../../lib/sys/bulk_stat.ts";
import { openSys } from "../../../lib/sys/open.ts";

const { files } = openSys();

Deno.test("links that lead to directories of the tree, and nothing else", () => {
  const base = mkdtempSync(join(tmpdir(), "qik-linked-"));
  const root = join(base, "root");
  try {
    mkdirSync(join(root, "lib/deep"), { recursive: true });
    mkdirSync(join(base, "root-beside"));
    writeFileSync(join(root, "file"), "");
    const links: Readonly<Record<string, string>> = {
      direct: "lib",
      absolute: join(root, "lib/deep"),
      twice: "direct/deep",
      file_link: "file",
      broken: "nowhere",
      circle: "circle",
      top: ".",
      outside: "../root-beside",
      away: "/",
      "lib/deep/up": "..",
      "lib/deep/again": ".",
    };
    for (const [path, target] of Object.entries(links)) symlinkSync(target, join(root, path));
    const all = ["file", "lib", "gone", ...Object.keys(links)];
    const found = linksAmong(bulkLstat, root, all);
    assert.deepEqual(found, Object.keys(links));
    assert.deepEqual(directoriesBehind(files, root, found), [
      { path: "direct", target: "lib" },
      { path: "absolute", target: "lib/deep" },
      { path: "twice", target: "lib/deep" },
    ]);
  } finally {
    rmSync(base, { recursive: true });
  }
});
