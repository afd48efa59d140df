import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockFiles, parseRequirements, readLocks } from "../../../lib/space/lock_file.ts";
import { files, Scratch } from "./scratch.ts";

const read = async (scratch: Scratch, ...paths: string[]) => {
  const { value, problems } = await readLocks(files, scratch.root, paths);
  return { versions: Object.fromEntries(value.versions), files: value.files, problems };
};

Deno.test("requirement lines: what pins and what does not", () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ["flask==3.1.0", "3.1.0"],
    ["flask == 3.1.0", "3.1.0"],
    ["flask===3.1.0", "3.1.0"],
    ["flask (==3.1.0)", "3.1.0"],
    ["flask[async, dotenv]==3.1.0", "3.1.0"],
    ["flask==3.1.0;python_version<'3.9'", "3.1.0"],
    ["flask==3.1.0 --hash=sha256:ab", "3.1.0"],
    ["flask==3.1.0 \\\n    --hash=sha256:ab \\\n    --hash=sha256:cd\n    # via app", "3.1.0"],
    ["flask==3.1.0 # pinned", "3.1.0"],
    ["flask>=3,==3.1.0", "3.1.0"],
    ["flask==2!1.0+local", "2!1.0+local"],
    [
      "flask @ https://x.test/flask.whl#sha256=ab ; os_name == 'nt'",
      "https://x.test/flask.whl#sha256=ab",
    ],
    ["flask@git+https://x.test/flask@abc", "git+https://x.test/flask@abc"],
    ["flask", undefined],
    ["flask>=3.1.0", undefined],
    ["flask==3.*", undefined],
    ["# flask==1", undefined],
    ["flask @", undefined],
    ["./flask==1", undefined],
    ["-e ./flask", undefined],
    [
      "./dist/flask-3.1.0-py3-none-any.whl ; os_name == 'nt'",
      "./dist/flask-3.1.0-py3-none-any.whl",
    ],
    ["/a b/flask-1-py3-none-any.whl[async] --hash=sha256:ab", "/a b/flask-1-py3-none-any.whl"],
    ["./dist/flask-3.1.0.whl.txt", undefined],
    ["--index-url https://x.test/simple", undefined],
    ["https://x.test/flask==1.whl", undefined],
  ];
  for (const [text, version] of cases) {
    const pins = version === undefined ? [] : [{ name: "flask", version }];
    assert.deepEqual(parseRequirements(text), { pins, includes: [] }, text);
  }
});

Deno.test("include options in every spelling", () => {
  const text = "-r a.txt\n-rb.txt\n--requirement c.txt\n--requirement=d.txt\n-c 'e f.txt'\r\n" +
    "--constraint g.txt # why\n--requirements h.txt\n--require-hashes\n";
  assert.deepEqual(parseRequirements(text).includes, [
    "a.txt",
    "b.txt",
    "c.txt",
    "d.txt",
    "e f.txt",
    "g.txt",
  ]);
});

Deno.test("included files are followed from where they are named, once, and never out of the root", async () => {
  using scratch = new Scratch({
    "reqs/app.txt":
      "-r base.txt\n-c ../c.txt\n-r ../../outside.txt\n-r https://x.test/r.txt\na==1\n",
    "reqs/base.txt": "-r app.txt\nb==2\n",
    "c.txt": "B==2\nc==3\n",
  });
  const { versions, files: listed, problems } = await read(scratch, "reqs/app.txt", "gone.txt");
  assert.deepEqual(problems, []);
  assert.deepEqual(versions, { a: "1", b: "2", c: "3" });
  assert.deepEqual(listed, ["reqs/app.txt", "gone.txt", "reqs/base.txt", "c.txt"]);
  assert.deepEqual(lockFiles(files, scratch.root, ["c.txt"]), ["c.txt"]);
});

Deno.test("requirements in UTF-16, as PowerShell writes them, pin and include as all others", async () => {
  using scratch = new Scratch({ "base.txt": "flask==3.1.0\n" });
  const words = Uint16Array.from(
    "\ufeff-r base.txt\r\nsix==1.17.0\r\n",
    (char) => char.charCodeAt(0),
  );
  const little = new Uint8Array(words.buffer);
  const big = little.map((_, at) => little[at ^ 1]!);
  for (const bytes of [little, big]) {
    writeFileSync(join(scratch.root, "requirements.txt"), bytes);
    const { versions, files } = await read(scratch, "requirements.txt");
    assert.deepEqual(files, ["requirements.txt", "base.txt"]);
    assert.deepEqual(versions, { flask: "3.1.0", six: "1.17.0" });
  }
});

Deno.test("a name that is pinned for several platforms has all its versions", async () => {
  using scratch = new Scratch({
    "r.txt": "numpy==2.1 ; python_version >= '3.9'\nnumpy==1.26 ; python_version < '3.9'\n",
  });
  assert.deepEqual((await read(scratch, "r.txt")).versions, { numpy: "1.26, 2.1" });
});

Deno.test("uv, Poetry, PDM and PEP 751 lock files", async () => {
  using scratch = new Scratch({
    "a/uv.lock": `version = 1
[[package]]
name = "Anyio"
version = "4.4.0"
source = { registry = "https://x.test/simple" }
[[package]]
name = "forked"
version = "1.0"
source = { git = "https://x.test/forked?rev=main#0123abc" }
[[package]]
name = "app"
source = { editable = "." }
`,
    "b/poetry.lock": `[[package]]
name = "attrs"
version = "24.2.0"
[[package]]
name = "private"
version = "2"
[package.source]
type = "legacy"
url = "https://x.test/simple"
reference = "mine"
[[package]]
name = "forked"
version = "1.0"
[package.source]
type = "git"
url = "https://x.test/forked"
reference = "main"
resolved_reference = "0123abc"
`,
    "c/pdm.lock": `[[package]]
name = "idna"
version = "3.7"
[[package]]
name = "forked"
version = "1.0"
git = "https://x.test/forked"
ref = "main"
revision = "0123abc"
`,
    "d/pylock.dev.toml": `lock-version = "1.0"
[[packages]]
name = "cattrs"
version = "24.1"
[[packages]]
name = "forked"
vcs = { type = "git", url = "https://x.test/forked", commit-id = "0123abc" }
`,
  });
  const expected = {
    "a/uv.lock": { anyio: "4.4.0", forked: "1.0 @ https://x.test/forked?rev=main#0123abc" },
    "b/poetry.lock": {
      attrs: "24.2.0",
      private: "2",
      forked: "1.0 @ https://x.test/forked#0123abc",
    },
    "c/pdm.lock": { idna: "3.7", forked: "1.0 @ https://x.test/forked#0123abc" },
    "d/pylock.dev.toml": { cattrs: "24.1", forked: "https://x.test/forked#0123abc" },
  };
  for (const [path, versions] of Object.entries(expected)) {
    const found = await read(scratch, path);
    assert.deepEqual(found.problems, []);
    assert.deepEqual(found.versions, versions, path);
  }
});

Deno.test("broken lock files are located problems; odd ones lock nothing", async () => {
  using scratch = new Scratch({
    "uv.lock": "version = 1\n[[package]\n",
    "poetry.lock": 'package = 3\npackages = [1, {name = 2}, {version = "1"}]\n',
    "r.txt": "\0\uFFFD==\n" + "\\\n".repeat(10_000) + "-r\n".repeat(10_000) + "a[".repeat(10_000),
  });
  const broken = await read(scratch, "uv.lock");
  assert.equal(broken.problems[0]?.code, "dep-unreadable");
  assert.equal(broken.problems[0]?.place?.file, "uv.lock");
  assert.equal(broken.problems[0]?.place?.line, 2);
  const odd = await read(scratch, "poetry.lock", "r.txt");
  assert.deepEqual([odd.versions, odd.problems], [{}, []]);
});

Deno.test("an explicit list of conda's pins what its archives are named after", () => {
  const text = `# platform: linux-64
@EXPLICIT
https://conda.example.org/ch/linux-64/scikit-learn-1.5.2-py312h7a48858_1.conda#0123456789abcdef
file:///ch/noarch/flask-3.0.3-pyhd8ed1ab_0.tar.bz2
./ch/noarch/own-1.0-0.conda#0123456789abcdef
https://conda.example.org/ch/noarch/strange.conda
`;
  assert.deepEqual(parseRequirements(text).pins, [
    { name: "scikit-learn", version: "1.5.2" },
    { name: "flask", version: "3.0.3" },
    { name: "own", version: "1.0" },
  ]);
});
