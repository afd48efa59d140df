import assert from "node:assert/strict";
import { withAccount, withoutAccount } from "../../../plugins/conda/accounts.ts";
import { readLock, relativeTo, wholeUrl, writeLock } from "../../../plugins/conda/lock_file.ts";
import { readFailure, readPlan } from "../../../plugins/conda/told.ts";
import { nameOf, readWanted, Unusable } from "../../../plugins/conda/wanted.ts";

Deno.test("requirements are environment files, or one spec in each line", () => {
  const yaml = `name: mine
channels:
  - conda-forge
  - https://example.org/ch
variables: {A: b}
dependencies:
  - Python =3.12
  - conda-forge::ripgrep >=14,<15
`;
  assert.deepEqual(readWanted("environment.yaml", yaml), {
    channels: ["conda-forge", "https://example.org/ch"],
    specs: ["Python =3.12", "conda-forge::ripgrep >=14,<15"],
  });
  assert.deepEqual(readWanted("specs.txt", "# all\nnumpy >=2 # why\r\n\nripgrep\n"), {
    channels: [],
    specs: ["numpy >=2", "ripgrep"],
  });
  for (const empty of ["", "dependencies:\n", "# nothing\n"]) {
    assert.deepEqual(readWanted("a.yml", empty), { channels: [], specs: [] });
  }
});

Deno.test("what cannot be locked is refused with the reason", () => {
  const refused: readonly (readonly [string, string, RegExp])[] = [
    ["a.yml", "dependencies:\n  - pip:\n    - flask\n", /"pip"/],
    ["a.yml", "dependencies: numpy\n", /"dependencies" is no list/],
    ["a.yml", "dependencies: [1]\n", /holds 1 where a text/],
    ["a.yml", "- numpy\n", /no table/],
    ["a.yml", "dependencies: [a\n", /no YAML/],
    ["a.txt", "--file=/etc/passwd\n", /names no package/],
    ["a.yml", "dependencies: ['>=2']\n", /names no package/],
  ];
  for (const [path, text, why] of refused) {
    const isIt = (error: unknown) => error instanceof Unusable && why.test(error.message);
    assert.throws(() => readWanted(path, text), isIt, text);
  }
});

Deno.test("the name in a spec is told in all its forms", () => {
  const names = ["numpy", "NumPy>=2", "numpy =2", "conda-forge::numpy=2=py_0", "numpy[version=2]"];
  assert.deepEqual(names.map(nameOf), names.map(() => "numpy"));
});

const ARCHIVE = "https://example.org/ch/noarch/dep-1.5-0.tar.bz2";

Deno.test("a lock says the same after it was written and read", () => {
  const text = `# Made by: qik conda.lock@app
# platform: linux-64
@EXPLICIT
https://example.org/ch/linux-64/my-tool-1.0-h2_0.conda#0123456789abcdef0123456789abcdef
${ARCHIVE}
# platform: osx-arm64
@EXPLICIT
`;
  const lock = readLock(text);
  assert.deepEqual([...lock.keys()], ["linux-64", "osx-arm64"]);
  assert.deepEqual(
    lock.get("linux-64")!.map(({ name, version, build }) => [name, version, build]),
    [
      ["my-tool", "1.0", "h2_0"],
      ["dep", "1.5", "0"],
    ],
  );
  assert.equal(writeLock(lock, "Made by: qik conda.lock@app"), text);
});

Deno.test("what micromamba tells of a plan is all that a lock needs", () => {
  const row = { name: "dep", version: "1.5", url: ARCHIVE, md5: "aa", sha256: "bb" };
  const told = { actions: { FETCH: [row], LINK: [row], PREFIX: "/p" }, success: true };
  const { packages, unknown } = readPlan(`banner\n${JSON.stringify(told)}\n`)!;
  assert.deepEqual(unknown, []);
  assert.deepEqual(packages, [
    { name: "dep", version: "1.5", build: "0", url: ARCHIVE, checksum: "aa" },
  ]);
});

Deno.test("conda leaves out where those come from that it has already", () => {
  // The rows of conda's LINK, as its source and conda-lock describe them.
  const link = (name: string) => ({
    base_url: "https://example.org/ch",
    dist_name: `${name}-1.5-0`,
    name,
  });
  const fetched = { name: "dep", url: ARCHIVE, sha256: "bb" };
  const told = { actions: { FETCH: [fetched], LINK: [link("dep"), link("other")] } };
  const { packages, unknown } = readPlan(JSON.stringify(told))!;
  assert.deepEqual(packages.map(({ checksum }) => checksum), ["sha256:bb"]);
  assert.deepEqual(unknown, ["other"]);
  for (const other of ["", "Segmentation fault", "[]", '{"success": false}', "{"]) {
    assert.equal(readPlan(other), undefined, other);
  }
});

Deno.test("a failure is told in the tool's own words", () => {
  const problems = '{"success": false, "solver_problems": ["nothing provides dep"]}';
  assert.equal(readFailure(problems), "nothing provides dep");
  const conda = '{"error": "PackagesNotFoundError: x", "message": "not found: x"}';
  assert.equal(readFailure(conda), "not found: x");
  assert.equal(readFailure("boom\n"), "boom");
});

Deno.test("credentials are taken from a URL and given back to it", () => {
  const channel = "https://me:pa%40ss@example.org/t/abc-123/ch/";
  assert.equal(withoutAccount(channel), "https://example.org/ch/");
  const archive = "https://example.org/ch/noarch/dep-1.5-0.conda";
  assert.equal(withAccount(archive, ["conda-forge", channel]), `${channel}noarch/dep-1.5-0.conda`);
  for (const url of ["https://example.org/chx/a", "https://example.com/ch/a", "file:///ch/a"]) {
    assert.equal(withAccount(url, [channel]), url);
    assert.equal(withoutAccount(url), url);
  }
});

Deno.test("archives below the root are named relative to it, by both of its names", () => {
  const call = { root: "/my tree", files: { realPath: () => "/real" } } as never;
  const told = (url: string) =>
    relativeTo(call, { name: "a", version: "1", build: "0", checksum: "", url }).url;
  const archive = "my%20ch/noarch/a-1-0.conda";
  for (const root of ["/my%20tree", "/my tree", "/real"]) {
    assert.equal(told(`file://${root}/${archive}`), `./${archive}`);
  }
  for (
    const url of [`file:///real2/${archive}`, `https://x.test/real/${archive}`, "file:///50%/a"]
  ) {
    assert.equal(told(url), url);
    assert.equal(wholeUrl("/my tree", url), url);
  }
  assert.equal(wholeUrl("/my tree", `./${archive}`), `file:///my%20tree/${archive}`);
});
