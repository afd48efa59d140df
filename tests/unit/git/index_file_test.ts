import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { readIndexFile } from "../../../lib/git/index_file.ts";
import { splitNames } from "../../../lib/git/names.ts";
import { byCodeUnit } from "../../../lib/base/order.ts";
import { Ground } from "../../support/work_tree.ts";
import { random } from "../../support/random.ts";

const NAMES = [
  "a.b/c",
  "a/c",
  "a-b",
  "dir/with space",
  "new\nline",
  "é/ü",
  "\u{1f600}",
  "\uffee",
  "x".repeat(200) + "/" + "y".repeat(255),
];

function repository(version: string, format = "sha1"): Ground {
  const files = Object.fromEntries(NAMES.map((name) => [name, name]));
  const ground = Ground.create(files, ["-q", `--object-format=${format}`]);
  ground.commit();
  ground.git("update-index", "--index-version", version);
  return ground;
}

const bytesOf = (ground: Ground) =>
  new Uint8Array(fs.readFileSync(join(ground.root, ".git/index")));

for (const format of ["sha1", "sha256"] as const) {
  for (const version of ["2", "3", "4"]) {
    Deno.test(`version ${version} with ${format}: names and ids are those of git`, () => {
      using ground = repository(version, format);
      if (version === "3") {
        ground.write("intended", "1");
        ground.git("add", "-N", "intended");
      }
      const index = readIndexFile(bytesOf(ground), format, "")!;
      const listed = splitNames(ground.gitBytes(["ls-files", "-z", "--stage"]));
      const named = listed.map((line) => [line.slice(line.indexOf("\t") + 1), line.split(" ")[1]!]);
      named.sort((a, b) => byCodeUnit(a[0]!, b[0]!));
      assert.deepEqual(index.paths, named.map(([path]) => path));
      index.paths.forEach((path, at) => {
        const start = index.starts[at]!;
        if (path === "intended") return assert.equal(start, 0);
        const id = index.bytes.subarray(start + 40, start + 40 + index.idBytes);
        assert.equal(
          Array.from(id, (b) => b.toString(16).padStart(2, "0")).join(""),
          named[at]![1],
        );
      });
      assert.deepEqual(readIndexFile(bytesOf(ground), format, "a/")!.paths, ["c"]);
      assert.deepEqual(readIndexFile(bytesOf(ground), format, "é/")!.paths, ["ü"]);
    });
  }
}

Deno.test("a name longer than the length field can say", () => {
  using ground = Ground.create();
  const id = ground.gitBytes(["hash-object", "-w", "--stdin"], new Uint8Array()).toString().trim();
  const long = "d/".repeat(2100) + "f";
  for (const version of ["2", "4"]) {
    ground.git("update-index", "--add", "--cacheinfo", `100644,${id},${long}`);
    ground.git("update-index", "--index-version", version);
    assert.deepEqual(readIndexFile(bytesOf(ground), "sha1", "")!.paths, [long]);
  }
});

Deno.test("what is cut short, changed by one bit or foreign is refused", () => {
  for (const version of ["2", "4"]) {
    using ground = repository(version);
    const bytes = bytesOf(ground);
    for (let length = 0; length < bytes.length; length++) {
      assert.equal(readIndexFile(bytes.subarray(0, length), "sha1", ""), undefined, `${length}`);
    }
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 1 << at % 8;
      assert.equal(readIndexFile(changed, "sha1", ""), undefined, `byte ${at}`);
    }
    assert.equal(readIndexFile(bytes, "sha256", ""), undefined);
  }
  assert.equal(
    readIndexFile(new TextEncoder().encode("not an index\n".repeat(9)), "sha1", ""),
    undefined,
  );
});

Deno.test("an extension that must be understood is refused, others are passed over", () => {
  using ground = repository("2");
  const bytes = bytesOf(ground);
  const withExtension = (name: string) => {
    const more = new Uint8Array(bytes.length + 10);
    more.set(bytes.subarray(0, -20));
    more.set(new TextEncoder().encode(name), bytes.length - 20);
    more.set([0, 0, 0, 2, 7, 7], bytes.length - 16);
    const body = more.subarray(0, -20);
    more.set(createHash("sha1").update(body).digest(), body.length);
    return more;
  };
  assert.equal(readIndexFile(withExtension("ABCD"), "sha1", "")?.paths.length, NAMES.length);
  for (const name of ["link", "sdir", "abcd", "\0\0\0\0"]) {
    assert.equal(readIndexFile(withExtension(name), "sha1", ""), undefined, name);
  }
});

Deno.test("whatever the bytes are, reading them ends and throws nothing", () => {
  const next = random(3);
  for (const version of ["2", "4"]) {
    using ground = repository(version);
    const bytes = bytesOf(ground);
    for (let round = 0; round < 4000; round++) {
      const changed = Uint8Array.from(bytes);
      for (let count = 1 + next(4); count > 0; count--) changed[next(changed.length)] = next(256);
      // Sealed again, half of them without a checksum at all, so that it is the structure which is judged.
      const body = changed.subarray(0, -20);
      const seal = next(2) === 0 ? new Uint8Array(20) : createHash("sha1").update(body).digest();
      changed.set(seal, body.length);
      const index = readIndexFile(changed, "sha1", "");
      if (index !== undefined) assert.equal(index.paths.length <= NAMES.length, true);
    }
  }
});
