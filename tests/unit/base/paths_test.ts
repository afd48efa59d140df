import assert from "node:assert/strict";
import { posix } from "node:path";
import fc from "fast-check";
import { isWithin, parentPath, rootedPath } from "../../../lib/base/paths.ts";

Deno.test("paths that leave the root, are absolute or hold a NUL are refused", () => {
  for (
    const parts of [["..", "a"], ["a/../.."], ["/etc"], ["a", "/b"], ["a\0b"], ["a", "../../b"]]
  ) {
    assert.equal(rootedPath(...parts), undefined, JSON.stringify(parts));
  }
  assert.equal(rootedPath("a", ".."), "");
  assert.equal(rootedPath(), "");
  assert.equal(rootedPath("a//b/./c/"), "a/b/c");
  assert.equal(rootedPath("...", "..a"), ".../..a");
});

Deno.test("joining equals that of node:path wherever it stays inside", () => {
  const piece = fc.constantFrom("a", "b", "..", ".", "", "c.d");
  const part = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join("/"));
  fc.assert(fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
    fc.pre(parts.every((each) => !each.startsWith("/")));
    // A directory that cannot be climbed out of by five parts of five pieces.
    const deep = "r/".repeat(30);
    const joined = posix.normalize(deep + parts.join("/")).replace(/\/$/, "");
    const inside = rootedPath(...parts);
    if (inside !== undefined) assert.equal(joined, (deep + inside).replace(/\/$/, ""));
    else assert.ok(climbs(parts.join("/")));
  }));
});

/** Whether the path leaves its start at any point on the way. */
function climbs(path: string): boolean {
  let depth = 0;
  for (const piece of path.split("/")) {
    if (piece === "..") depth -= 1;
    else if (piece !== "" && piece !== ".") depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

Deno.test("a parent is what stands before the last slash", () => {
  assert.equal(parentPath("a/b/c"), "a/b");
  assert.equal(parentPath("a"), "");
  assert.equal(parentPath(""), "");
});

Deno.test("lying within goes by whole parts", () => {
  assert.equal(isWithin("a/b", "a"), true);
  assert.equal(isWithin("a", "a"), true);
  assert.equal(isWithin("ab", "a"), false);
  assert.equal(isWithin("a", "a/b"), false);
  assert.equal(isWithin("", ""), true);
  assert.equal(isWithin("x/y", ""), true);
});
