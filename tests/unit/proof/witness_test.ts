import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFiles } from "../../../lib/sys/files.ts";
import { Witness } from "../../../lib/proof/witness.ts";

function inDirectory(body: (directory: string, witness: Witness) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "qik-witness-"));
  try {
    const ports = { files: openFiles(1), clock: { now: () => 0 } as never };
    body(directory, new Witness(ports, (path) => path.endsWith("own")));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

Deno.test("every kind of question is noted once, with its answer", () =>
  inDirectory((directory, witness) => {
    const path = (name: string) => `${directory}/${name}`;
    writeFileSync(path("f"), "text");
    symlinkSync("f", path("l"));
    const { files } = witness;
    for (let twice = 0; twice < 2; twice++) {
      files.lstat(path("f"));
      files.stat(path("absent"));
      files.read(path("f"));
      files.read(path("gone"));
      files.list(directory);
      files.readLink(path("l"));
      files.realPath(path("l"));
      files.read(path("own"));
    }
    const kinds = [...witness.asked].map((
      [name, asked],
    ) => [name.slice(directory.length), Object.keys(asked).join()]);
    assert.deepEqual(kinds, [
      ["/f", "lstat,content"],
      ["/absent", "stat"],
      ["/gone", "content"],
      ["", "names"],
      ["/l", "link,real"],
    ]);
    assert.equal(witness.asked.get(path("gone"))?.content, null);
    assert.equal(witness.doubts, false);
  }));

Deno.test("two answers to one question raise doubts", () => {
  const second: Record<string, (directory: string, witness: Witness) => void> = {
    lstat: (directory, { files }) => files.lstat(`${directory}/f`),
    stat: (directory, { files }) => files.stat(`${directory}/f`),
    read: (directory, { files }) => files.read(`${directory}/f`),
    list: (directory, { files }) => files.list(directory),
  };
  for (const [name, ask] of Object.entries(second)) {
    inDirectory((directory, witness) => {
      ask(directory, witness);
      writeFileSync(`${directory}/f`, "appeared");
      ask(directory, witness);
      assert.equal(witness.doubts, true, name);
    });
  }
});

Deno.test("an error is no answer that could be compared", () =>
  inDirectory((directory, witness) => {
    assert.throws(() => witness.files.read(directory));
    assert.equal(witness.doubts, true);
  }));

Deno.test("what is read in pieces is known when it was read to its end", () =>
  inDirectory((directory, witness) => {
    const path = `${directory}/f`;
    writeFileSync(path, "text");
    const part = witness.files.openReader(path)!;
    part.read(new Uint8Array(2));
    part.close();
    const unknown = witness.asked.get(path)?.content;
    assert.equal(typeof unknown === "function" && unknown(), undefined);
    const whole = witness.files.openReader(path)!;
    while (whole.read(new Uint8Array(3)) > 0);
    whole.close();
    assert.match(`${witness.asked.get(path)?.content}`, /^[0-9a-f]{64}$/);
    assert.equal(witness.doubts, false);
  }));
