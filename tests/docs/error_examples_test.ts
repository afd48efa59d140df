/**
 * The examples of docs/errors.md are what qik prints: each problem is produced here and compared with the
 * block in its section. `QIK_UPDATE_GOLDENS=1` writes the blocks anew.
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { type Code, PROBLEMS } from "../../lib/base/problems.ts";
import { Repo, type Tree } from "../support/repo.ts";

const PAGE = new URL("../../docs/errors.md", import.meta.url);

/** How a problem comes about: lines for the shell, which find `qik` in PATH, in a repository of these files. */
interface Example {
  readonly files?: Tree;
  readonly run?: string;
}

/** A project file that is wrong by itself; any qik tells it. */
function config(...lines: readonly string[]): Example {
  return { files: { "qik.toml": lines.join("\n") + "\n" } };
}

const LINT = { "qik.toml": '[commands.lint]\nexec = "ruff check ."\ntags = ["slow"]\n' };
const BUILD = {
  "qik.toml":
    '[commands.build]\nexec = "cp in.txt out.txt"\ndeps = ["in.txt"]\nartifacts = ["out.txt"]\n',
  "in.txt": "in\n",
};

/** A project whose only command uses a remote that is not there. */
function remote(lines: string): Example {
  return config(
    "[plugins]",
    'http = "qik.http"',
    "[caches.team]",
    'type = "http"',
    'url = "http://127.0.0.1:2"',
    lines,
    "[commands.build]",
    'exec = "true"',
    'deps = ["qik.toml"]',
    'cache = "team"',
  );
}

const EXAMPLES: Partial<Record<Code, Example>> = {
  "usage": { files: LINT, run: "qik --wrokers 3" },
  "config-not-found": {},
  "config-unreadable": { run: "ln -s gone.toml qik.toml; qik" },
  "config-syntax": config("[commands]", 'lint = "ruff check .'),
  "config-unknown-key": config("[commands.lint]", 'exec = "ruff check ."', 'dep = ["**.py"]'),
  "config-wrong-type": config("[commands.lint]", 'exec = "ruff check ."', 'deps = "**.py"'),
  "config-bad-value": config("[commands.lint]", 'exec = "ruff check ."', 'timeout = "soon"'),
  "config-old-form": config("[command.lint]", 'exec = "ruff check ."'),
  "config-too-large": { run: "head -c 9437184 /dev/zero | tr '\\0' '#' > qik.toml; qik" },
  "ctx-missing": config('ctx = ["bucket"]', "[commands]", 'deploy = "deploy {ctx.bucket}"'),
  "ctx-unknown": config('ctx = ["bucket"]', "[commands]", 'deploy = "deploy {ctx.buckt}"'),
  "ctx-bad-value": {
    ...config('ctx = [{name = "jobs", type = "int"}]', "[commands]", 'build = "make -j{ctx.jobs}"'),
    run: "JOBS=many qik",
  },
  "template-unknown": config("[commands]", 'lint = "ruff check {module.path}"'),
  "command-unknown": { files: LINT, run: "qik lnit" },
  "module-unknown": {
    files: {
      "qik.toml": 'modules = ["api"]\n[commands]\nlint = "ls {module.dir}"\n',
      "api/a.py": "",
    },
    run: "qik -m ap",
  },
  "space-unknown": config("[spaces.tools]", "[commands.lint]", 'exec = "ls"', 'space = "tols"'),
  "tag-unknown": { files: LINT, run: "qik -t slwo" },
  "cache-unknown": config("[commands.lint]", 'exec = "ruff check ."', 'cache = "remot"'),
  "entry-unknown": { files: LINT, run: "qik :cache show deadbeef" },
  "plugin-unknown": config("[plugins]", 'uv = "qik.vu"'),
  "plugin-failed": {
    files: {
      "qik.toml": '[plugins]\nwords = "./words.js"\n',
      "words.js": `export default (qik) => ({
  name: "words",
  meta: [{
    name: "count",
    description: "counts",
    run() {
      throw qik.problem({ code: "plugin-failed", message: 'Cannot count the words of "a.pdf"', hint: "Name a text" });
    },
  }],
});
`,
    },
    run: "qik :count a.pdf",
  },
  "dep-unknown": config(
    "[commands.test]",
    'exec = "pytest"',
    'deps = [{type = "comand", name = "build"}]',
  ),
  "dep-unreadable": {
    files: {
      "qik.toml":
        '[commands.test]\nexec = "pytest"\ndeps = [{type = "load", path = "inputs.json"}]\n',
      "inputs.json": "[]\n",
    },
  },
  "graph-cycle": config(
    "[commands]",
    'build = {exec = "make", deps = [{type = "command", name = "test"}]}',
    'test = {exec = "make test", deps = [{type = "command", name = "build"}]}',
  ),
  "git-failed": { files: BUILD, run: "printf 'no index' > .git/index; qik" },
  "program-missing": { files: LINT, run: "qik :x rufff@default check" },
  "program-unusable": {
    files: LINT,
    run: "printf '#!/gone/python3' > tool; chmod +x tool; qik :x ./tool",
  },
  "ref-unknown": { files: LINT, run: "qik --since mian" },
  "file-unreadable": {
    files: { "qik.toml": '[defaults]\ndotenv = "app.env"\n[commands]\nserve = "serve"\n' },
    run: "mkdir app.env; qik",
  },
  "glob-bad": config("[commands.lint]", 'exec = "ruff check ."', 'deps = [":(golb)*.py"]'),
  "glob-empty": config("[commands.lint]", 'exec = "true"', 'deps = ["src/**.pyy"]'),
  "artifact-empty": config(
    "[commands.build]",
    'exec = "true"',
    'deps = ["qik.toml"]',
    'artifacts = ["dist/*.js"]',
  ),
  // An environment of its own: what is installed for this machine's Python is no part of the example.
  "pydist-missing": {
    files: {
      "qik.toml": `[commands.lint]
exec = "acme-quality-gates"
deps = [{type = "pydist", name = "acme-quality-gates"}]
`,
      ".venv/pyvenv.cfg": "home = /usr/bin\n",
      ".venv/lib/python3.12/site-packages/README.txt": "",
    },
    run: 'VIRTUAL_ENV="$PWD/.venv" qik',
  },
  "pyimport-unknown": {
    files: {
      "qik.toml": `[plugins]
pygraph = "qik.pygraph"
[commands.test]
exec = "pytest"
deps = [{type = "pygraph", pyimport = "shop.modles"}]
`,
      "shop/models.py": "",
    },
  },
  "import-unknown": {
    files: {
      "qik.toml": `[plugins]
pygraph = "qik.pygraph"
[commands.test]
exec = "pytest"
deps = [{type = "pygraph", pyimport = "shop"}]
`,
      "shop/models.py": "import acme.quality.gates\n",
    },
  },
  "space-cycle": config(
    "[spaces]",
    'app = {venv = {type = "space", name = "lib"}}',
    'lib = {venv = {type = "space", name = "app"}}',
  ),
  "dotenv-syntax": {
    files: {
      "qik.toml": '[defaults]\ndotenv = "app.env"\n[commands]\nserve = "serve"\n',
      "app.env": "A=1\nB=2\nexport C D\n",
    },
  },
  "tool-missing": config(
    "[commands.lint]",
    'exec = "acme-quality-gates"',
    'deps = [{type = "tool", name = "acme-quality-gates"}]',
  ),
  "cache-damaged": {
    // Shorter contents stand in the entry.
    files: { ...BUILD, "in.txt": "in\n".repeat(2000) },
    run:
      "qik; for blob in ._qik/cache/v1/blobs/*/*; do chmod u+w $blob; echo > $blob; done; rm out.txt; qik",
  },
  "cache-unusable": {
    files: BUILD,
    run: "qik; rm -r ._qik/cache; ln -s cache ._qik/cache; qik",
  },
  "cache-unwritable": { files: BUILD, run: "echo > ._qik; qik" },
  "remote-off": remote("timeout = '1s'"),
  "remote-untrusted": {
    ...remote(`accept-keys = ["qik-public-1:${"0".repeat(43)}="]`),
    run: "GITHUB_ACTIONS=true GITHUB_EVENT_NAME=pull_request GITHUB_BASE_REF=main qik",
  },
  "remote-unsigned": remote(
    `mode = "write-only"\naccept-keys = ["qik-public-1:${"0".repeat(43)}="]`,
  ),
  "audit-differs": {
    files: {
      "qik.toml": '[commands.build]\nexec = "date +%N > out.txt"\ndeps = ["qik.toml"]\n' +
        'artifacts = ["out.txt"]\ncache = "repo"\n',
    },
    run: "git init -q; qik > log 2>&1; qik --audit 100%",
  },
  "artifact-bad": config(
    "[commands.build]",
    'exec = "mkfifo out.txt"',
    'deps = ["qik.toml"]',
    'artifacts = ["out.txt"]',
  ),
  "log-cut": {
    files: { "qik.toml": '[commands]\nnoise = "head -c 70000000 /dev/zero"\nother = "true"\n' },
  },
  "lfs-pointer": {
    files: {
      "qik.toml": '[commands.build]\nexec = "true"\ndeps = ["*.png"]\n',
      ".gitattributes": "*.png filter=lfs diff=lfs merge=lfs -text\n",
      "logo.png": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    },
  },
  "git-busy": { files: BUILD, run: "touch .git/index.lock; qik" },
  "inputs-changed": {
    files: {
      "qik.toml": '[commands.format]\nexec = "echo >> a.py"\ndeps = ["a.py"]\n',
      "a.py": "",
    },
  },
  "jobserver-unusable": {
    files: { "qik.toml": '[commands]\nbuild = "echo built"\n' },
    run: 'MAKEFLAGS=" -j4 --jobserver-auth=3,4" qik',
  },
  "report-unwritable": {
    files: { "qik.toml": '[commands]\nbuild = "true"\n' },
    run: "qik --report json=qik.toml/events.jsonl",
  },
  "pipe-left-open": { files: { "qik.toml": '[commands]\nbuild = "sleep 600 & echo built"\n' } },
};

const NEEDS_SERVER = "needs a server that answers so: tests/cli/remote_faults_test.ts holds it";

/** Codes without a run in this file, and why. */
const NOT_RUN: Partial<Record<Code, string>> = {
  "remote-denied": NEEDS_SERVER,
  "remote-damaged": NEEDS_SERVER,
  "remote-late": NEEDS_SERVER,
  "remote-kept-back": NEEDS_SERVER,
  "remote-secret": NEEDS_SERVER,
  "remote-disagreement": NEEDS_SERVER,
  "bug": "must not be producible",
  "task-locked": "needs two qik at the same time: tests/cli holds it",
  "interrupted": "needs a signal at the right moment: tests/cli holds it",
  "venv-unknown": "a file with such a type is refused earlier, as config-bad-value",
};

/** The problem of that code in what qik printed, as lines; empty where there is none. */
function problemIn(output: string, code: Code): string {
  const lines = output.split("\n");
  const first = lines.findIndex((line) =>
    /^(Error|Warning): /.test(line) && line.endsWith(`[${code}]`)
  );
  if (first < 0) return "";
  const end = lines.findIndex((line, at) => at > first && !line.startsWith("  "));
  return lines.slice(first, end).map((line) => line + "\n").join("");
}

async function produce({ files = {}, run = "qik" }: Example): Promise<string> {
  await using repo = await Repo.create(files);
  const path = `${await repo.writeProgram()}:${repo.environment()["PATH"]}`;
  const ran = await repo.with({ env: { PATH: path } }).run("sh", "-c", `exec 2>&1\n${run}`);
  return ran.out.replaceAll(repo.root, "/home/me/repo").replace(/\b[0-9a-f]{64}\b/g, "…");
}

/** The block of a code's section: where it starts in the page, and its text. */
function blockOf(page: string, code: Code): { readonly at: number; readonly text: string } {
  const fence = "\n```text\n";
  const at = page.indexOf(fence, page.indexOf(`\n## ${code}\n`)) + fence.length;
  return { at, text: page.slice(at, page.indexOf("```\n", at)) };
}

for (const [code, example] of Object.entries(EXAMPLES) as [Code, Example][]) {
  Deno.test(`docs/errors.md shows ${code} as qik prints it`, async () => {
    const output = await produce(example);
    const printed = problemIn(output, code);
    assert.notEqual(printed, "", output);
    const page = await readFile(PAGE, "utf8");
    const { at, text } = blockOf(page, code);
    if (Deno.env.get("QIK_UPDATE_GOLDENS") === "1") {
      await writeFile(PAGE, page.slice(0, at) + printed + page.slice(at + text.length));
    } else assert.equal(text, printed);
  });
}

Deno.test("every code is produced, or it is told why not", () => {
  const told = [...Object.keys(EXAMPLES), ...Object.keys(NOT_RUN)];
  assert.deepEqual(told.toSorted(), Object.keys(PROBLEMS).toSorted());
});
