/**
 * Versions that qik reads from lock files against those that pip's parser, `packaging` and `tomllib` read: files that
 * the real tools wrote (`tests/golden/locks`; only the names of hosts were changed), and random requirement lines.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readLocks } from "../../lib/space/lock_file.ts";
import { openSys } from "../../lib/sys/open.ts";
import { pythonTest } from "../support/python.ts";
import { downloadedWheels } from "../support/python_environments.ts";
import { pick, random } from "../support/random.ts";

/** Reads JSON lists of files, prints JSON lists of `{name: versions}`. */
const SCRIPT = `
import json, re, sys
sys.path[:0] = sys.argv[1:]
from pip._internal.network.session import PipSession
from pip._internal.req.req_file import parse_requirements
from packaging.requirements import InvalidRequirement, Requirement
try: import tomllib
except ImportError: from pip._vendor import tomli as tomllib
session = PipSession()
def requirements(path):
    for parsed in parse_requirements(path, session):
        try: found = Requirement(parsed.requirement)
        except InvalidRequirement: continue
        if found.url: yield found.name, found.url
        for one in found.specifier:
            if one.operator in ("==", "===") and not one.version.endswith(".*"): yield found.name, one.version
def toml(path):
    with open(path, "rb") as file: read = tomllib.load(file)
    for one in read.get("package", []) + read.get("packages", []):
        if "version" in one: yield one["name"], one["version"]
answers = []
for path in json.load(sys.stdin):
    found = {}
    for name, version in (requirements if path.endswith(".txt") else toml)(path):
        found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), set()).add(version)
    answers.append({name: ", ".join(sorted(versions)) for name, versions in found.items()})
print(json.dumps(answers))
`;

type Versions = Readonly<Record<string, string>>;

function pythons(paths: readonly string[]): Versions[] {
  const input = JSON.stringify(paths);
  const options = { input, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 } as const;
  // pip's own copy is 21.3 in places, which reads the marker behind `===1.0;` as a part of the version.
  const packaging = join(downloadedWheels(), "packaging-25.0-py3-none-any.whl");
  return JSON.parse(execFileSync("python3", ["-c", SCRIPT, packaging], options)) as Versions[];
}

async function qiks(root: string, path: string): Promise<Versions> {
  const { value, problems } = await readLocks(openSys().files, root, [path]);
  assert.deepEqual(problems, []);
  return Object.fromEntries(value.versions);
}

pythonTest("lock files of pip-tools, uv, Poetry, PDM and PEP 751", async () => {
  const root = join(import.meta.dirname!, "../golden/locks");
  const names = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(txt|lock|toml)$/.test(name)
  ).sort();
  const told = pythons(names.map((name) => join(root, name)));
  for (const [at, name] of names.entries()) {
    assert.ok(Object.keys(told[at]!).length >= 4, name);
    assert.deepEqual(await qiks(root, name), { ...told[at] }, name);
  }
});

const PARTS = {
  name: ["a", "Foo.Bar", "foo-bar", "x_1", "Z9"],
  extras: ["", "", "[one]", "[one,two]", " [ one , two ] "],
  version: ["1", "1.0", "2!1.0", "1.0+local.1", "1.0rc1", "1.*", "1.0.post1.dev3"],
  operator: ["==", "==", " == ", "===", ">=", "~=", "!=", "<"],
  marker: ["", "", ' ; python_version < "3.9"', ";os_name=='nt' and extra == 'x'"],
  hash: ["", "", " --hash=sha256:00ff", " \\\n    --hash=sha256:00ff \\\n    --hash=sha256:ff00"],
  comment: ["", "", " # via x", "  # == 3", "\n    # via\n    #   x"],
  end: ["\n", "\r\n", "\n\n"],
};

/** A requirement that `packaging` takes. */
function requirement(next: (below: number) => number): string {
  const of = (part: keyof typeof PARTS) => pick(PARTS[part], next);
  const specifier = (): string => {
    const [operator, version] = [of("operator"), of("version")];
    const isEqual = ["==", " == "].includes(operator);
    const fits = isEqual || !/[*+]/.test(version) && (operator !== "~=" || version.includes("."));
    return fits ? operator + version : specifier();
  };
  const all = Array.from({ length: next(3) }, specifier);
  // Two versions that one and the same must have are none.
  const specifiers = all.filter((one, at) => at === 0 || !/^ ?==/.test(one)).join(",");
  const isUrl = next(10) === 0;
  const bracketed = next(8) === 0 && specifiers !== "" ? `(${specifiers})` : specifiers;
  const marker = of("marker");
  const wanted = isUrl
    ? ` @ https://x.test/a-1.whl${marker && ` ${marker.trim()}`}`
    : bracketed + marker;
  return of("name") + of("extras") + wanted + of("hash") + of("comment") + of("end");
}

pythonTest("random requirement files", async () => {
  const root = mkdtempSync(join(tmpdir(), "qik-locks-"));
  try {
    const next = random(7);
    const names = Array.from({ length: 400 }, (_, at) => `${at}.txt`);
    const texts = names.map(() =>
      Array.from({ length: 1 + next(4) }, () => requirement(next)).join("")
    );
    names.forEach((name, at) => writeFileSync(join(root, name), texts[at]!));
    const told = pythons(names.map((name) => join(root, name)));
    for (const [at, name] of names.entries()) {
      assert.deepEqual(await qiks(root, name), { ...told[at] }, JSON.stringify(texts[at]));
    }
  } finally {
    rmSync(root, { recursive: true });
  }
});
