import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { Gate } from "../support/gate.ts";
import { inTerminal, type TerminalOptions, type TerminalRun } from "../support/pseudo_terminal.ts";
import { pythonRepoTest } from "../support/python.ts";
import type { Repo } from "../support/repo.ts";
import { Screen } from "../support/screen.ts";

/** Two commands that run until they are told how to end, so that there is time for a live view. */
async function twoGates(repo: Repo): Promise<{ pass: (codes: string) => string }> {
  await mkdir(repo.path("gates"));
  const gates = ["a", "b"].map((name) => new Gate(repo.path("gates"), name));
  const commands = gates.map(({ name, exec }) => `${name} = '''echo of ${name}; ${exec}'''\n`);
  await repo.write({ "qik.toml": `[commands]\n${commands.join("")}` });
  // Reading the first FIFO lets the command go on to wait for the second one.
  const one = (name: string, code: string) =>
    `cat gates/${name}.up > /dev/null; echo ${code} > gates/${name}.go; `;
  return { pass: (codes) => one("a", codes[0]!) + one("b", codes[1]!) };
}

/** Runs with `-n 2`, and lets the commands end when the live view has been drawn. */
async function live(
  repo: Repo,
  codes: string,
  options: TerminalOptions = {},
): Promise<TerminalRun> {
  const { pass } = await twoGates(repo);
  const steps = [{ when: "0/2 tasks", run: pass(codes) }];
  return await inTerminal(repo, ["-n", "2"], { steps, ...options });
}

function screenAfter({ output }: TerminalRun): Screen {
  const screen = new Screen(80, 24);
  // The terminal shows a typed Ctrl-C itself.
  screen.write(new TextEncoder().encode(output.replaceAll("^C", "")));
  return screen;
}

// deno-lint-ignore no-control-regex
const COLOUR = /\x1b\[[1-9][0-9;]*m/;

pythonRepoTest("a terminal sees a live view, which leaves nothing behind", {}, async (repo) => {
  const ran = await live(repo, "00");
  assert.deepEqual([ran.code, ran.restored], [0, true], ran.output);
  const screen = screenAfter(ran);
  assert.equal(screen.cursorShown, true);
  assert.equal(screen.wraps, true);
  assert.match(ran.output, /0\/2 tasks/);
  assert.doesNotMatch(screen.text(), /0\/2 tasks|1\/2 tasks/);
  assert.match(screen.text(), /^✅ 2 tasks: 2 ran in .*\n$/);
});

pythonRepoTest(
  "after a failure the terminal is as it was, with the output shown whole",
  {},
  async (repo) => {
    const ran = await live(repo, "03");
    assert.deepEqual([ran.code, ran.restored], [3, true], ran.output);
    const screen = screenAfter(ran);
    assert.equal(screen.cursorShown, true);
    assert.match(screen.text(), /^of b$/m);
    assert.match(screen.text(), /b: exit code 3/);
    assert.match(screen.text(), /2 tasks: 1 ran, 1 failed/);
    assert.doesNotMatch(screen.text(), /\/2 tasks/);
  },
);

pythonRepoTest(
  "Ctrl-C in a terminal ends as a signal does, and gives the terminal back",
  {},
  async (repo) => {
    await twoGates(repo);
    const steps = [{ when: "0/2 tasks", send: "\x03" }];
    const ran = await inTerminal(repo, ["-n", "2"], { steps });
    assert.deepEqual([ran.code, ran.restored], [-2, true], ran.output);
    const screen = screenAfter(ran);
    assert.deepEqual([screen.cursorShown, screen.wraps], [true, true]);
    assert.match(screen.text(), /Stopped by SIGINT: 2 tasks: 2 stopped/);
    assert.doesNotMatch(screen.text(), /\/2 tasks,/);
  },
);

pythonRepoTest("a terminal that can do nothing gets plain lines", {}, async (repo) => {
  const { pass } = await twoGates(repo);
  const running = inTerminal(repo, ["-n", "2"], { env: { TERM: "dumb" } });
  await repo.run("sh", "-c", pass("00"));
  const { code, output } = await running;
  assert.equal(code, 0);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(output, /\x1b/);
  assert.match(output, /^ok +a: .*\r$/m);
});

pythonRepoTest(
  "a terminal that an interactive command had changed when a signal ended it is given back",
  {
    "qik.toml": `[commands.raw]
exec = 'stty -echo -icanon; kill -INT $$'
interactive = true
`,
  },
  async (repo) => {
    const { code, restored, output } = await inTerminal(repo, ["raw"]);
    assert.deepEqual([code, restored], [-2, true], output);
  },
);

/** Which colours a terminal and a pipe get. */
const COLOURS: readonly (readonly [Record<string, string>, boolean, boolean])[] = [
  [{}, true, false],
  [{ NO_COLOR: "1" }, false, false],
  [{ NO_COLOR: "1", FORCE_COLOR: "1" }, false, false],
  [{ FORCE_COLOR: "1" }, true, true],
  [{ FORCE_COLOR: "0" }, false, false],
  [{ CLICOLOR_FORCE: "1" }, true, true],
  [{ TERM: "dumb" }, false, false],
];

pythonRepoTest("colours only where they are wanted, and commands are told so", {
  "qik.toml": '[commands]\nsay = "echo FORCE=$FORCE_COLOR; exit 1"\n',
}, async (repo) => {
  for (const [env, onTerminal, inPipe] of COLOURS) {
    const what = JSON.stringify(env);
    const { output } = await inTerminal(repo, ["say"], { env });
    assert.equal(COLOUR.test(output), onTerminal, `${what}: ${JSON.stringify(output)}`);
    const piped = await repo.with({ env: { NO_COLOR: undefined, ...env } }).qik("say");
    assert.equal(COLOUR.test(piped.err + piped.out), inPipe, `${what}: ${piped.err}`);
    if (env["FORCE_COLOR"] === undefined) {
      assert.equal(output.includes("FORCE=1"), onTerminal, `${what}: ${output}`);
      assert.equal(piped.out.includes("FORCE=1"), inPipe, `${what}: ${piped.out}`);
    }
  }
});

pythonRepoTest("an interactive command has the terminal to itself, input included", {
  "qik.toml": `[commands.ask]
exec = 'printf "name? "; read -r name; echo "hello $name"; test -t 0 && test -t 1'
interactive = true
`,
}, async (repo) => {
  const steps = [{ when: "name? ", send: "Ada\n" }];
  const { code, restored, output } = await inTerminal(repo, ["ask"], { steps });
  assert.deepEqual([code, restored], [0, true], output);
  assert.match(output, /hello Ada/);
});
