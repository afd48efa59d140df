import assert from "node:assert/strict";
import type { Files } from "../../../lib/sys/sys.ts";
import { openPackages } from "../../../lib/space/packages.ts";
import { clock, files, type Item, Scratch } from "./scratch.ts";

const metadata = (name: string, version: string) =>
  `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n\nVersion: 0 of the text\n`;

/** A distribution in `site`, as a wheel is installed; `record` lists its files. */
function wheel(name: string, version: string, record = "", site = "site"): Record<string, Item> {
  const info = `${site}/${name}-${version}.dist-info`;
  return { [`${info}/METADATA`]: metadata(name, version), [`${info}/RECORD`]: record };
}

const open = ({ root }: Scratch, ...sites: string[]) =>
  openPackages({ files, clock }, {
    pathDirs: [],
    pathArchives: [],
    siteDirs: (sites.length === 0 ? ["site"] : sites).map((site) => `${root}/${site}`),
  });

/** Counts the calls that read content. */
function counted(): { readonly files: Files; readonly reads: string[] } {
  const reads: string[] = [];
  const note = <T>(path: string, ask: () => T): T => {
    reads.push(path.slice(path.lastIndexOf("/") + 1));
    return ask();
  };
  return {
    reads,
    files: {
      ...files,
      read: (path) => note(path, () => files.read(path)),
      list: (path) => note(path, () => files.list(path)),
      openReader: (path) => note(path, () => files.openReader(path)),
    },
  };
}

Deno.test("versions are found by any spelling of the name, in every kind of metadata", () => {
  using scratch = new Scratch({
    ...wheel("Ruamel.Yaml_Clib", "0.2.8"),
    "site/PyGObject-3.42.2.egg-info": metadata("PyGObject", "3.42.2"),
    "site/apt.egg-info/PKG-INFO": metadata("apt", "2.6.0"),
    "site/crlf-1.dist-info/METADATA": "Name: crlf\r\nversion:  1.0+local \r\n\r\n",
    "site/short-1.dist-info/METADATA": "Version: 1",
    "site/left-1.dist-info/RECORD": "",
    "site/bare-1.dist-info/METADATA": "Name: bare\n\nVersion: 3\n",
  });
  const packages = open(scratch);
  const expected: Record<string, string | undefined> = {
    "ruamel-yaml.clib": "0.2.8",
    "RUAMEL_yaml--Clib": "0.2.8",
    "pygobject": "3.42.2",
    "apt": "2.6.0",
    "crlf": "1.0+local",
    "short": "1",
    "left": undefined,
    "bare": undefined,
    "absent": undefined,
    "": undefined,
    "../apt": undefined,
  };
  const seen = Object.keys(expected).map((name) => [name, packages.version(name)]);
  assert.deepEqual(Object.fromEntries(seen), expected);
});

Deno.test("the first directory on the path wins, and a remnant without metadata does not", () => {
  using scratch = new Scratch({
    ...wheel("a", "1", "", "one"),
    ...wheel("a", "2", "", "two"),
    "one/b-1.dist-info": "/",
    ...wheel("b", "2", "", "two"),
  });
  const packages = open(scratch, "one", "two", "gone");
  assert.deepEqual([packages.version("a"), packages.version("b")], ["1", "2"]);
  assert.deepEqual(packages.names(), ["a", "b"]);
});

Deno.test("editable installs: .pth, .egg-link and eggs; lines with code are passed over", () => {
  using scratch = new Scratch({
    "site/easy.pth":
      "../src/a\nimport os; os.system('touch PWNED')\n\n# ../src/c\n../eggs/e-1-py3.11.egg\n",
    "src/a/a.egg-info/PKG-INFO": metadata("a", "1.a"),
    "src/c/c.egg-info/PKG-INFO": metadata("c", "1.c"),
    "eggs/e-1-py3.11.egg/EGG-INFO/PKG-INFO": metadata("e", "1.e"),
    "src/d/d.egg-info/PKG-INFO": metadata("d", "1.d"),
  });
  scratch.put("site/d.egg-link", `${scratch.root}/src/d\n.`);
  const packages = open(scratch);
  assert.deepEqual(["a", "c", "d", "e"].map((name) => packages.version(name)), [
    "1.a",
    undefined,
    "1.d",
    "1.e",
  ]);
});

Deno.test("one question reads the directory and one file, once; a stat tells what to read again", () => {
  using scratch = new Scratch({ ...wheel("a", "1"), ...wheel("b", "1") });
  const { files: counting, reads } = counted();
  // Far enough in the future for the time stamps of this test to be believed.
  let nowMs = Date.now() + 10_000;
  const ports = { files: counting, clock: { now: () => nowMs } };
  const packages = openPackages(ports, {
    pathDirs: [],
    pathArchives: [],
    siteDirs: [`${scratch.root}/site`],
  });
  packages.version("a");
  packages.version("a");
  assert.deepEqual(reads.splice(0), ["site", "METADATA"]);
  packages.invalidate();
  assert.equal(packages.version("a"), "1");
  assert.deepEqual(reads.splice(0), []);
  for (const [path, item] of Object.entries(wheel("c", "3"))) scratch.put(path, item);
  assert.equal(packages.version("c"), undefined);
  // A directory changed this very moment may keep its time stamp, so that it is listed again.
  nowMs = Date.now();
  packages.invalidate();
  assert.equal(packages.version("c"), "3");
  assert.deepEqual(reads.splice(0), ["site", "METADATA"]);
});

Deno.test("an upgrade between two looks is seen, whatever its time stamps", () => {
  using scratch = new Scratch(wheel("a", "1"));
  const packages = open(scratch);
  for (const version of ["1", "2", "3", "4"]) {
    scratch.put("site/a-1.dist-info/METADATA", metadata("a", version));
    packages.invalidate();
    assert.equal(packages.version("a"), version);
  }
});

Deno.test("metadata with a huge or endless head answers in bounded time", () => {
  using scratch = new Scratch({
    "site/long-1.dist-info/METADATA": `Name: long\n${
      "Classifier: x\n".repeat(5_000)
    }Version: 7\n\n`,
    "site/never-1.dist-info/METADATA": "Name: never\n" + "X: y\n".repeat(2_000_000) +
      "Version: 1\n",
    "site/dir-1.dist-info/METADATA/x": "",
  });
  const packages = open(scratch);
  assert.deepEqual(["long", "never", "dir"].map((name) => packages.version(name)), [
    "7",
    undefined,
    undefined,
  ]);
});

Deno.test("import names: top_level.txt, RECORD, extension modules, lone files", () => {
  using scratch = new Scratch({
    ...wheel("PyYAML", "6"),
    "site/PyYAML-6.dist-info/top_level.txt": "_yaml\nyaml\n",
    ...wheel("six", "1", "six.py,sha256=x,1\nsix-1.dist-info/METADATA,,\n__pycache__/six.pyc,,\n"),
    ...wheel("orjson", "3", "orjson/__init__.pyi,,\norjson/orjson.cpython-311-x86_64.so,,\n"),
    ...wheel("quoted", "1", '"quoted/a,b.txt",,\n"quoted/__init__.py",,\n../../bin/quoted.py,,\n'),
    "site/lone-1.egg-info": metadata("lone", "1"),
    "site/lone.py": "",
  });
  const packages = open(scratch);
  const seen = [
    "yaml",
    "_yaml.x",
    "six",
    "six.moves",
    "orjson",
    "quoted.b",
    "lone",
    "bin",
    "os",
    "",
  ]
    .map((name) => packages.distributionsOf(name));
  const none: string[] = [];
  assert.deepEqual(seen, [
    ["pyyaml"],
    ["pyyaml"],
    ["six"],
    ["six"],
    ["orjson"],
    ["quoted"],
    ["lone"],
    none,
    none,
    none,
  ]);
});

Deno.test("a namespace package's parts belong to the distribution that holds them", () => {
  using scratch = new Scratch({
    ...wheel("google_cloud_storage", "1", "google/cloud/storage/__init__.py,,\n"),
    ...wheel("google_cloud_core", "1", "google/cloud/client.py,,\n"),
    "site/google_cloud_core-1.dist-info/top_level.txt": "google\n",
    ...wheel("protobuf", "1", "google/protobuf/__init__.py,,\n"),
  });
  const packages = open(scratch);
  assert.deepEqual(packages.distributionsOf("google.cloud.storage.Blob"), ["google-cloud-storage"]);
  assert.deepEqual(packages.distributionsOf("google.cloud.client"), ["google-cloud-core"]);
  assert.deepEqual(packages.distributionsOf("google.protobuf"), ["protobuf"]);
  assert.deepEqual(packages.distributionsOf("google"), [
    "google-cloud-core",
    "google-cloud-storage",
    "protobuf",
  ]);
});

Deno.test("an editable install without a list of modules is looked into", () => {
  using scratch = new Scratch({
    ...wheel("app", "1", "_app.pth,,\napp-1.dist-info/METADATA,,\n"),
    "site/_app.pth": "../src\n",
    "src/app/__init__.py": "",
    "src/tool.py": "",
    "src/not-a-module/__init__.py": "",
    "src/docs": "/",
  });
  const packages = open(scratch);
  assert.deepEqual(["app.x", "tool", "docs"].map((name) => packages.distributionsOf(name)), [
    ["app"],
    ["app"],
    [],
  ]);
});

Deno.test("finders of editable installs name what they lead to, and run nothing", () => {
  const mapping =
    "MAPPING: dict[str, str] = {'acme.maps': '/x', \"it's\": '/y', 'mapped': '/z\\'s'}\n";
  const hook = "F.install()\nF.map_module('exact', '/x/__init__.py')\nF.map_module(\"more\", '/y')";
  using scratch = new Scratch({
    ...wheel("st_map", "1", "__editable__.st_map-1.pth,,\n__editable___st_map_1_finder.py,,\n"),
    "site/__editable__.st_map-1.pth": "import __editable___st_map_1_finder; 1/0\n",
    "site/__editable___st_map_1_finder.py": `import os\n${mapping}NAMESPACES = {'acme': []}\n`,
    ...wheel("hatch", "1", "_editable_impl_hatch.pth,,\n_editable_impl_hatch.py,,\n"),
    "site/_editable_impl_hatch.py": hook,
    ...wheel("acme_other", "1", "acme/other/__init__.py,,\n"),
  });
  const packages = open(scratch);
  const seen = ["mapped.sub", "acme.maps.x", "acme.other", "exact", "more", "acme"]
    .map((name) => packages.distributionsOf(name));
  assert.deepEqual(seen, [
    ["st-map"],
    ["st-map"],
    ["acme-other"],
    ["hatch"],
    ["hatch"],
    ["acme-other", "st-map"],
  ]);
});

Deno.test("an editable install of an unknown backend is looked into where direct_url.json says that it is", () => {
  using scratch = new Scratch({
    ...wheel("odd", "1", "_odd_loader.pth,,\n"),
    "site/_odd_loader.pth": "import _odd_loader\n",
    "my project/src/odd/__init__.py": "",
    "my project/src/space/deep/inner.py": "",
    "my project/setup.py": "",
    ...wheel("plain", "1", "plain-1.dist-info/METADATA,,\n"),
  });
  const url = `file://${scratch.root}/my%20project`;
  scratch.put(
    "site/odd-1.dist-info/direct_url.json",
    JSON.stringify({ url, dir_info: { editable: true } }),
  );
  for (const text of ["", "[", "{}", '{"url": 1, "dir_info": {"editable": true}}']) {
    scratch.put("site/plain-1.dist-info/direct_url.json", text);
    assert.deepEqual(open(scratch).distributionsOf("plain"), []);
  }
  const packages = open(scratch);
  const seen = ["odd.x", "space.deep.inner", "setup"].map((name) => packages.distributionsOf(name));
  assert.deepEqual(seen, [["odd"], ["odd"], []]);
});

Deno.test("a project with endless folders is looked into in bounded time", () => {
  const folders = Array.from({ length: 900 }, (_, at) => [`src/f${at}/deep`, "/"] as const);
  using scratch = new Scratch({
    ...wheel("app", "1", "_app.pth,,\n"),
    "site/_app.pth": "../src\n",
    "src/app/__init__.py": "",
    ...Object.fromEntries(folders),
  });
  const { files: counting, reads } = counted();
  const packages = openPackages({ files: counting, clock }, {
    pathDirs: [],
    pathArchives: [],
    siteDirs: [`${scratch.root}/site`],
  });
  assert.deepEqual(packages.distributionsOf("app"), ["app"]);
  assert.ok(reads.length < 600, `${reads.length} readings`);
});

Deno.test("what does not come from an index is told apart by where it comes from", () => {
  const digest = "sha256=00ff";
  const cases: readonly (readonly [direct: string, origin: string | undefined])[] = [
    [
      '{"url": "https://me:secret@x.test/r.git", "vcs_info": {"vcs": "git", "commit_id": "0123abc"}}',
      "https://x.test/r.git#0123abc",
    ],
    [`{"url": "https://x.test/a.whl", "archive_info": {"hash": "${digest}"}}`, digest],
    ['{"url": "file:///a.whl", "archive_info": {"hashes": {"sha256": "00ff"}}}', digest],
    ['{"url": "https://x.test/a.whl", "archive_info": {}}', "https://x.test/a.whl"],
    ['{"url": "file:///src", "dir_info": {"editable": true}}', undefined],
    ["{", undefined],
    ['[{"url": "file:///src"}]', undefined],
  ];
  for (const [direct, origin] of cases) {
    using scratch = new Scratch(wheel("a", "1"));
    scratch.put("site/a-1.dist-info/direct_url.json", direct);
    const packages = open(scratch);
    assert.equal(packages.version("a"), "1");
    assert.equal(packages.identity("a"), origin === undefined ? "1" : `1 @ ${origin}`, direct);
  }
});
