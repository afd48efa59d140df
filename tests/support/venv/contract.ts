/**
 * What every plugin that builds environments keeps, shown with its real tool through the real command line.
 *
 * A test file of a plugin says how its tool is had and what its requirements look like, and calls
 * {@link venvContract}.
 */
import assert from "node:assert/strict";
import { chmodSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { Gate } from "../gate.ts";
import { pythonRepoTest } from "../python.ts";
import { isExecutable, type Ran, type Repo, type Tree } from "../repo.ts";
import { FULL } from "../torture.ts";
import { showOwnWheels } from "./own_wheels.ts";
import { type FoundPython, pythonsHere } from "./pythons.ts";
import { showSeveralPythons } from "./several_pythons.ts";

/** A package that the suite wants to exist: a program of its name prints its name and version. */
export interface TestPackage {
  readonly name: string;
  readonly version: string;
  /** Names of other packages, any version. */
  readonly requires?: readonly string[];
}

/** A package that a space asks for; any version where none is said. */
export interface Want {
  readonly name: string;
  readonly version?: string;
  /** Its wheel, relative to the root, where it does not come from an index. */
  readonly wheel?: string;
}

/** A tool that makes environments. */
export interface VenvTool {
  /** Its word: the plugin is `qik.<kind>`. */
  readonly kind: string;
  /** The program that the plugin runs. */
  readonly program: string;
  /** Other programs of the tool. */
  readonly others?: readonly string[];
  /** A shell pattern of the program with its arguments when it installs, such as `*pip sync*`. */
  readonly installs: string;
  /** Puts packages where {@link environment} makes the tool look. */
  publish(directory: string, packages: readonly TestPackage[]): void | Promise<void>;
  /** The directory of the tool, and variables with which it finds the packages and asks no network. */
  environment(
    directory: string,
  ): Promise<{ readonly path: string; readonly env: Readonly<Record<string, string>> }>;
  /** Requirements: the value of `reqs`, which is a path, and all files that it takes. */
  requirements(
    name: string,
    wants: readonly Want[],
  ): { readonly reqs: string; readonly files: Tree };
  /** A directory for `PATH` with what makes the tool's work faster; one test of the contract goes without. */
  readonly quick?: () => string;
  /** Further lines for the table of a space's venv, such as `hashes = false`. */
  readonly settings?: string;
  /** Where `python3.N` is that does for the tool; else where it was found. */
  pythonDirectory?(python: FoundPython): string;
}

const PACKAGES: readonly TestPackage[] = [
  { name: "qikblue", version: "1.0", requires: ["qikgreen"] },
  { name: "qikblue", version: "2.0", requires: ["qikgreen"] },
  { name: "qikgreen", version: "1.0" },
  { name: "qikgreen", version: "1.5" },
];

/** A repository with two spaces, `app` and `lint`, and one command in each. */
export interface Bench {
  readonly repo: Repo;
  readonly tool: VenvTool;
  /** The arguments of each call of the tool so far. */
  calls(): string[];
  /** Forgets them. */
  forget(): void;
  /** Replaces the requirements of a space. */
  ask(space: string, wants: readonly Want[]): Promise<void>;
  /** Runs qik, which must succeed. @returns How each task ended, by name. */
  run(...args: readonly string[]): Promise<Readonly<Record<string, string>>>;
  /** Lets the installation stop before its end, at a gate, with a part of it missing. */
  hold(): Gate;
  /** From here on nothing is held. */
  letGo(): void;
}

/** Opens {@link Bench} in a fresh repository. @param mayBeQuick See {@link VenvTool.quick}. */
export async function openBench(repo: Repo, tool: VenvTool, mayBeQuick: boolean): Promise<Bench> {
  const packages = repo.path("../packages");
  await tool.publish(packages, PACKAGES);
  const { path, env } = await tool.environment(packages);
  const log = repo.path("../calls");
  const holding = repo.path("../hold");
  await repo.write({ "../hold/": "", "../calls": "" });
  const shim = (program: string) =>
    `#!/bin/sh
echo "$0 $*" >> '${log}'
'${program}' "$@" || exit $?
case "$0 $*" in
${tool.installs})
  [ -p '${holding}/install.up' ] || exit 0
  find '${repo.path("._qik/venv")}' -name 'qikgreen*' -prune -exec rm -rf {} +
  echo install > '${holding}/install.up'
  read -r code < '${holding}/install.go'
  exit "$code" ;;
esac
`;
  for (const program of [tool.program, ...tool.others ?? []]) {
    await repo.writeScript(`../shim/${program}`, shim(join(path, program)));
  }
  const quick = mayBeQuick && tool.quick !== undefined ? [tool.quick()] : [];
  const inner = repo.with({
    env: { ...env, PATH: [repo.path("../shim"), ...quick, process.env["PATH"]].join(delimiter) },
  });
  const bench: Bench = {
    repo: inner,
    tool,
    calls: () => readFileSync(log, "utf8").split("\n").filter((line) => line !== ""),
    forget: () => rmSync(log, { force: true }),
    ask: (space, wants) => inner.write(tool.requirements(space, wants).files),
    async run(...args) {
      await inner.must(...args);
      return await endings(inner);
    },
    hold: () => new Gate(holding, "install"),
    letGo: () =>
      ["up", "go"].forEach((end) => rmSync(`${holding}/install.${end}`, { force: true })),
  };
  bench.calls();
  await inner.write({ "qik.toml": configuration(tool), "a.md": "a\n", ".gitignore": "._qik\n" });
  await bench.ask("app", [{ name: "qikblue", version: "1.0" }]);
  await bench.ask("lint", [{ name: "qikgreen" }]);
  await inner.commit();
  return bench;
}

/** Two spaces and one command in each; `more` stands at the end. */
export function configuration(tool: VenvTool, more = ""): string {
  const space = (name: string) => {
    const { reqs } = tool.requirements(name, []);
    const lines = [
      `type = "${tool.kind}"`,
      `reqs = "${reqs}"`,
      ...tool.settings ? [tool.settings] : [],
    ];
    return `[spaces.${name}.venv]\n${lines.join("\n")}\n`;
  };
  return `[plugins]
${tool.kind} = "qik.${tool.kind}"

${space("app")}
${space("lint")}
[commands.show]
exec = "qikblue"
deps = ["*.md"]
space = "app"

[commands.check]
exec = "qikgreen"
deps = ["*.md"]
space = "lint"
${more}`;
}

/** How the tasks of the last run ended; `root`: of the repository, relative to `repo`. */
export async function endings(repo: Repo, root = "."): Promise<Readonly<Record<string, string>>> {
  const manifest = JSON.parse(await repo.read(`${root}/._qik/out/manifest.json`)) as {
    readonly tasks: readonly { readonly task: string; readonly ending: string }[];
  };
  return Object.fromEntries(manifest.tasks.map(({ task, ending }) => [task, ending]));
}

/** The same ending for all tasks of both spaces, some of them otherwise. */
export function all(
  { tool: { kind } }: Bench,
  ending: string,
  otherwise: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const names = ["app", "lint"].flatMap((
    space,
  ) => [`${kind}.lock@${space}`, `${kind}.install@${space}`]);
  const ends = [...names, "show@app", "check@lint"].map((name) => [name, ending]);
  return { ...Object.fromEntries(ends), ...otherwise };
}

const WORKS = "locks, installs, runs; the second run is all hits";

/**
 * A test of {@link venvContract}'s kind: for what only one tool does.
 *
 * What is shown here depends on the tool and not on who runs qik, and the tools are slow. On Deno uv, which is not, shows
 * all of it, and each of the others that it works there; on the executable all do.
 */
export function benchTest(
  tool: () => VenvTool,
  name: string,
  body: (bench: Bench) => Promise<void>,
): void {
  if (isExecutable() || FULL || tool().kind === "uv" || name.endsWith(WORKS)) {
    pythonRepoTest(
      name,
      {},
      async (repo) => await body(await openBench(repo, tool(), !name.endsWith(WORKS))),
    );
  } else {
    const why = "on the executable; on Deno only with QIK_TORTURE=full";
    Deno.test.ignore(`${name} (${why})`, () => {});
  }
}

/** What a tool cannot do, or takes long over. */
export interface ContractLimits {
  /** Tests, by parts of their names, that are left to `QIK_TORTURE=full`. */
  readonly slow?: readonly string[];
  /** Tests, by parts of their names, of what the tool does not have: its own file shows that qik refuses it. */
  readonly lacks?: readonly string[];
}

/** Registers the tests of the contract. The tool is fetched when the first of them runs. */
export function venvContract(
  kind: string,
  tool: () => VenvTool,
  { slow = [], lacks = [] }: ContractLimits = {},
): void {
  const test = (name: string, body: (bench: Bench) => Promise<void>) => {
    const isOf = (parts: readonly string[]) => parts.some((part) => name.includes(part));
    if (isOf(lacks)) return;
    if (!FULL && isOf(slow)) {
      Deno.test.ignore(`${kind}: ${name} (takes long: only with QIK_TORTURE=full)`, () => {});
    } else benchTest(tool, `${kind}: ${name}`, body);
  };

  test(WORKS, async (bench) => {
    assert.deepEqual(await bench.run(), all(bench, "ran"));
    assert.equal(await output(bench, "show@app"), "qikblue 1.0\n");
    bench.forget();
    // The normal way, then the proof that it left.
    for (const args of [["-v", "2"], [], [], ["--report", "json"]]) {
      assert.deepEqual(await bench.run(...args), all(bench, "hit"));
    }
    await assertNoCalls(bench);
  });

  test("a changed requirement is felt in its space alone", async (bench) => {
    await bench.run();
    await bench.ask("app", [{ name: "qikblue", version: "2.0" }]);
    const hits = { [`${kind}.lock@lint`]: "hit", [`${kind}.install@lint`]: "hit" };
    assert.deepEqual(await bench.run(), all(bench, "ran", { ...hits, "check@lint": "hit" }));
    assert.equal(await output(bench, "show@app"), "qikblue 2.0\n");
    assert.deepEqual(await bench.run(), all(bench, "hit"));
    // Back: the results are known, but the environment is another one now.
    await bench.ask("app", [{ name: "qikblue", version: "1.0" }]);
    assert.deepEqual(await bench.run(), all(bench, "hit", { [`${kind}.install@app`]: "ran" }));
    assert.equal((await bench.repo.must(":x", "qikblue@app")).out, "qikblue 1.0\n");
  });

  test("the lock of another clone's cache is installed without locking", async (bench) => {
    const { repo } = bench;
    const env = { QIK__CACHE_DIR: repo.path("../shared") };
    await repo.with({ env }).must();
    await repo.git("clone", "-q", ".", "../other");
    bench.forget();
    const other = repo.with({ env, cwd: "../other" });
    await other.must();
    const installs = { [`${kind}.install@app`]: "ran", [`${kind}.install@lint`]: "ran" };
    assert.deepEqual(await endings(repo, "../other"), all(bench, "hit", installs));
    assert.equal((await other.must(":x", "qikblue@app")).out, "qikblue 1.0\n");
  });

  test("of a wheel in the repository each clone installs its own, by the same lock", showOwnWheels);

  const [newest, ...older] = pythonsHere();
  const other = older[1] ?? older[0];
  const several = "spaces with different Pythons stand side by side in one run";
  if (newest === undefined || other === undefined) {
    Deno.test.ignore(`${kind}: ${several} (there is only one here)`, () => {});
  } else test(several, (bench) => showSeveralPythons(bench, [newest, other]));

  test("what was damaged or deleted is made again", async (bench) => {
    const { repo } = bench;
    await bench.run();
    const only = all(bench, "hit", { [`${kind}.install@app`]: "ran" });
    const packages = (await repo.run("find", "._qik/venv/app", "-name", "qikgreen", "-type", "d"))
      .out.trim();
    const wounds: readonly string[] = ["._qik/venv/app", packages, `${packages}/__init__.py`];
    for (const wound of wounds) {
      assert.ok(await repo.exists(wound), wound);
      await bench.run();
      await repo.remove(wound);
      assert.deepEqual(await bench.run(), only, wound);
      assert.equal((await repo.must(":x", "qikblue@app")).out, "qikblue 1.0\n");
      assert.ok(await repo.exists(wound), wound);
    }
  });

  test("a program that was emptied or may not be started any more is made again", async (bench) => {
    const { repo } = bench;
    await bench.run();
    const only = all(bench, "hit", { [`${kind}.install@app`]: "ran" });
    const program = repo.path("._qik/venv/app/bin/qikgreen");
    for (const wound of [() => truncateSync(program), () => chmodSync(program, 0o644)]) {
      // By the proof, and the normal way.
      for (const args of [[], ["-v", "2"]]) {
        await bench.run();
        // Some tools give the file of their cache one more name: that is not to be damaged.
        await repo.run("sh", "-c", 'cp -p "$0" "$0.own" && mv "$0.own" "$0"', program);
        wound();
        assert.notEqual((await repo.qik(":x", "qikgreen@app")).code, 0);
        assert.deepEqual(await bench.run(...args), only, wound.toString());
        assert.match((await repo.must(":x", "qikgreen@app")).out, /^qikgreen /);
      }
    }
  });

  test("killed while it installs: the next run heals it", async (bench) => {
    const { repo } = bench;
    const gate = bench.hold();
    const running = repo.startQik("show");
    await gate.startedBy(running);
    running.signal("SIGKILL");
    assert.equal((await running.ended).code, 137);
    bench.letGo();
    const ends = await bench.run("show");
    assert.deepEqual([ends[`${kind}.install@app`], ends["show@app"]], ["ran", "ran"]);
    assert.equal((await repo.must(":x", "qikgreen@app")).code, 0);
  });

  test("two at once install once", async (bench) => {
    const { repo } = bench;
    const gate = bench.hold();
    const first = repo.startQik("show");
    await gate.startedBy(first);
    const second = repo.startQik("show");
    await second.saw("Waiting for");
    await gate.finish(1);
    bench.letGo();
    // What the first one could not do is the second one's.
    const codes = await Promise.all([first.ended, second.ended]);
    assert.deepEqual(codes.map(({ code }) => code), [1, 0]);
    const calls = async (count: number) => {
      await repo.remove("._qik/venv/app");
      bench.forget();
      const all = Array.from({ length: count }, () => repo.startQik("show").ended);
      for (const { code } of await Promise.all(all)) assert.equal(code, 0, repo.log);
      return bench.calls();
    };
    assert.deepEqual(await calls(4), await calls(1));
  });

  test("what the tool says is shown, with what to do next", async (bench) => {
    const { repo } = bench;
    await bench.ask("app", [{ name: "qikabsent", version: "1.0" }]);
    const ran = await repo.qik();
    assert.notEqual(ran.code, 0);
    const text = ran.out + ran.err;
    assert.match(text, /qikabsent/);
    assert.match(
      text,
      /cannot lock the space "app": mend "[^"]+" as it says above, and run again\n/,
    );
    const ends = await endings(repo);
    assert.equal(ends["show@app"], "skipped");
    assert.equal(ends["check@lint"], "ran");
  });

  test("a missing tool is told with how to get it", async (bench) => {
    await bench.repo.remove(`../shim/${bench.tool.program}`);
    const ran = await withoutTool(bench).qik();
    assert.notEqual(ran.code, 0);
    const pattern = new RegExp(
      `Cannot run "${bench.tool.program}".*\\[tool-missing\\]\n.*hint: .*install`,
      "i",
    );
    assert.match(ran.out + ran.err, pattern);
  });

  test("a lock keeps to a file, and to the lock of another space", async (bench) => {
    const { repo, tool } = bench;
    const constrained = (constraint: string) =>
      configuration(tool).replace(
        `[spaces.lint.venv]\n`,
        `[spaces.lint.venv]\nconstraint = ${constraint}\n`,
      );
    await bench.ask("app", [{ name: "qikgreen", version: "1.0" }]);
    await repo.write({ "qik.toml": constrained('{type = "space", name = "app"}') });
    await bench.run("check");
    assert.equal(await output(bench, "check@lint"), "qikgreen 1.0\n");
    await bench.ask("app", [{ name: "qikgreen", version: "1.5" }]);
    await bench.run("check");
    assert.equal(await output(bench, "check@lint"), "qikgreen 1.5\n");
    const { reqs, files } = tool.requirements("limits", [{ name: "qikgreen", version: "1.0" }]);
    await repo.write({ ...files, "qik.toml": constrained(`"${reqs}"`) });
    await bench.run("check");
    assert.equal(await output(bench, "check@lint"), "qikgreen 1.0\n");
    const circle = constrained('{type = "space", name = "app"}')
      .replace(
        "[spaces.app.venv]\n",
        '[spaces.app.venv]\nconstraint = {type = "space", name = "lint"}\n',
      );
    await repo.write({ "qik.toml": circle });
    const ran = await repo.qik();
    assert.equal(ran.code, 2);
    assert.match(ran.err, new RegExp(`${kind}\\.lock@(app|lint) -> ${kind}\\.lock@(app|lint) -> `));
  });

  test("a lock stands where it is told to, and may be committed", async (bench) => {
    const { repo, tool } = bench;
    const text = configuration(tool);
    await repo.write({
      "qik.toml": text.replace(/reqs = "(.*)"/, 'reqs = "$1"\nlock = "locks/app.lock"'),
    });
    await bench.run("show");
    assert.match(await repo.read("locks/app.lock"), /qikblue/);
    await repo.write({ "qik.toml": text.replace(/reqs = "(.*)"/, 'reqs = "$1"\ncache = "repo"') });
    await bench.run("show");
    assert.match(
      (await repo.run("find", ".qik/artifacts")).out,
      new RegExp(`${kind}\\.lock/.*app`),
    );
    assert.equal(await repo.exists(".qik/cache"), true);
  });

  test("qikx --install makes all environments, and programs run in them", async (bench) => {
    const { repo } = bench;
    // A program of the same name that is not the environment's own must not run in its place.
    await repo.writeScript("../shim/qikgreen", "#!/bin/sh\necho another one\n");
    const early = await repo.qik(":x", "qikgreen@lint");
    assert.deepEqual([early.code, early.out], [127, ""]);
    assert.match(
      early.err,
      /\[program-missing\]\n.*environment is not installed: run qikx --install/,
    );
    await repo.must(":x", "--install");
    const ends = await endings(repo);
    assert.deepEqual([ends[`${kind}.install@app`], ends[`${kind}.install@lint`]], ["ran", "ran"]);
    assert.equal((await repo.must(":x", "qikgreen@lint")).out, "qikgreen 1.5\n");
    const [program] = (await repo.run("find", "._qik/venv/lint/bin", "-name", "qikgreen*")).out
      .split("\n");
    await repo.remove(program!);
    const broken = await repo.qik(":x", "qikgreen@lint");
    assert.equal(broken.code, 127);
    assert.match(broken.err, /environment is not as it was installed: run qikx --install/);
    await repo.must(":x", "--install");
    await repo.must(":x", "--install");
    const again = await endings(repo);
    assert.deepEqual([again[`${kind}.install@app`], again[`${kind}.install@lint`]], ["hit", "hit"]);
  });
}

/** A repository without the tool anywhere on PATH, but with git and the shell. */
function withoutTool({ repo, tool }: Bench): Repo {
  const path = (process.env["PATH"] ?? "").split(delimiter)
    .filter((directory) => directory.startsWith("/usr/") || directory === "/bin").join(delimiter);
  return repo.with({ env: { PATH: path, [`NO_${tool.program}`]: "1" } });
}

async function output({ repo }: Bench, task: string): Promise<string> {
  return await repo.read(`._qik/out/${task}.out`);
}

function assertNoCalls(bench: Bench): void {
  let calls: string[] = [];
  try {
    calls = bench.calls();
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
  }
  assert.deepEqual(calls, []);
}

export type { Ran };
