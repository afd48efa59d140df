import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bulkLstat, newStatRows } from "../../../lib/sys/bulk_stat.ts";
import { differingRows } from "../../../lib/sys/differing_rows.ts";

const NAMES = ["a", "b c", "é", "absent", "link", "dangling", "d"];

function tableOf(directory: string, names: readonly string[] = NAMES) {
  const rows = newStatRows(names.length);
  bulkLstat(directory, names, rows);
  return { rows, names: new TextEncoder().encode(names.map((name) => `${name}\0`).join("")) };
}

function inDirectory(body: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "qik-rows-"));
  try {
    for (const name of NAMES.slice(0, 3)) writeFileSync(join(directory, name), name);
    symlinkSync("a", join(directory, "link"));
    symlinkSync("nowhere", join(directory, "dangling"));
    body(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

Deno.test("rows that still hold are not named", () =>
  inDirectory((directory) => {
    assert.deepEqual(differingRows(directory, tableOf(directory)), []);
    assert.deepEqual(differingRows("", tableOf("", [join(directory, "a").slice(1)])), []);
  }));

Deno.test("each kind of change is named", () =>
  inDirectory((directory) => {
    const table = tableOf(directory);
    const changes: readonly (readonly [number, () => void])[] = [
      [0, () => writeFileSync(join(directory, "a"), "other")],
      [1, () => chmodSync(join(directory, "b c"), 0o600)],
      [2, () => rmSync(join(directory, "é"))],
      [3, () => writeFileSync(join(directory, "absent"), "")],
      [4, () => {
        rmSync(join(directory, "link"));
        writeFileSync(join(directory, "link"), "é");
      }],
    ];
    for (const [at, [, change]] of changes.entries()) {
      change();
      const expected = changes.slice(0, at + 1).map(([changed]) => changed);
      assert.deepEqual(differingRows(directory, table), expected);
    }
  }));

Deno.test("names and rows that do not belong together are found", () =>
  inDirectory((directory) => {
    const { rows, names } = tableOf(directory);
    assert.equal(differingRows(directory, { rows, names: names.subarray(2) }), undefined);
    assert.equal(differingRows(directory, { rows, names: names.subarray(0, -1) }), undefined);
    assert.equal(differingRows(directory, { rows: newStatRows(3), names }), undefined);
    assert.equal(differingRows(directory, { rows: newStatRows(0), names }), undefined);
    const empty = names.slice();
    empty[0] = 0;
    assert.equal(differingRows(directory, { rows, names: empty }), undefined);
  }));
