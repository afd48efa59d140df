import assert from "node:assert/strict";
import { archivesIn } from "../../../lib/space/asked_paths.ts";
import { relativeLock, withoutPaths } from "../../../lib/space/checkout_paths.ts";

const WHEEL = "a-1-py3-none-any.whl";

Deno.test("what lies below the root is named relative to it, and nothing else is touched", () => {
  const cases: readonly (readonly [string, string])[] = [
    [`a @ file:///my%20tree/dist/${WHEEL} ; os_name == "nt"`, `./dist/${WHEEL} ; os_name == "nt"`],
    [`a[x,y] @ file://localhost/my%20tree/${WHEEL} \\`, `./${WHEEL}[x,y] \\`],
    [`a @ file:///my%20tree/${WHEEL}#sha256=00 \\`, `a @ file:./${WHEEL}#sha256=00 \\`],
    [`a @ file:///my%20tree/my%20dist/${WHEEL}`, `a @ file:./my%20dist/${WHEEL}`],
    [`a @ file:///my%20tree/50%25/${WHEEL}`, `a @ file:./50%25/${WHEEL}`],
    ["b @ file:///my%20tree/dist/b-1.tar.gz \\", "b @ file:./dist/b-1.tar.gz \\"],
    ["file:///my%20tree/dist/b-1.tar.gz", "file:./dist/b-1.tar.gz"],
    ["-e file:///my%20tree/lib", "-e ./lib"],
    ["-e file:///my%20tree/lib[x]", "-e ./lib[x]"],
    ["-e file:///my%20tree/my%20lib", "-e file:./my%20lib"],
    ["-e file:///my%20tree", "-e ."],
    // As uv repeats them.
    [`/my tree/my dist/${WHEEL}[x] ; os_name == "nt"`, `./my dist/${WHEEL}[x] ; os_name == "nt"`],
    ["-e /my tree/lib", "-e ./lib"],
    // By the other name of the root.
    ["-e file:///real/lib", "-e ./lib"],
    ["    # via -r /real/more.in", "    # via -r more.in"],
    ["    #   b (file:///my%20tree/lib)", "    #   b (lib)"],
  ];
  for (const [line, wanted] of cases) {
    const told = relativeLock(`${line}\r\n`, ["/my tree", "/real"]);
    assert.equal(told, `${wanted}\r\n`, line);
    // Again it is the same: a lock may be written by hand.
    assert.equal(relativeLock(told, ["/my tree", "/real"]), told, line);
  }
  const others = [
    `a @ file:///my%20tree2/${WHEEL}`,
    `a @ file:///my%20tree/../${WHEEL}`,
    `a @ https://x.test/my%20tree/${WHEEL}`,
    "a==1 \\",
    "    --hash=sha256:00",
    "    # via https://x.test/real/a.txt, /else/real/a.txt",
    "-e ../lib",
    "-r /real2/a.txt",
  ];
  for (const line of others) assert.equal(relativeLock(line, ["/my tree", "/real"]), line);
  assert.equal(
    relativeLock("-e file:///lib # https://x.test", ["/"]),
    "-e file:///lib # https://x.test",
  );
});

Deno.test("archives in it are still known as inputs", () => {
  const lock = [`./dist/${WHEEL}`, "b @ file:./my%20dist/b-1.zip", "-e ./lib", ""].join("\n");
  assert.deepEqual(archivesIn("l.txt", lock, "/root"), [`dist/${WHEEL}`, "my dist/b-1.zip"]);
});

Deno.test("paths are taken out of a lock with all that belongs to them", () => {
  const lock = `a==1\n-e ./lib\n    # via b\n./${WHEEL} \\\r\n    --hash=sha256:00 \\\r\n` +
    "    --hash=sha256:11\r\nb @ file:./b-1.zip\n--pre\n-e .";
  assert.equal(withoutPaths(lock), "a==1\n    # via b\nb @ file:./b-1.zip\n--pre\n");
});
