import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { Gate } from "../support/gate.ts";
import { inPath, type Repo, repoTest } from "../support/repo.ts";

/** Somebody else's jobserver: a pipe with so many tokens. */
class Above implements Disposable {
  readonly path: string;
  readonly #fd: number;

  constructor(repo: Repo, tokens: number) {
    this.path = repo.path("above");
    execFileSync("mkfifo", [this.path]);
    this.#fd = openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK);
    writeSync(this.#fd, "+".repeat(tokens));
  }

  get makeflags(): string {
    return ` -j9 --jobserver-auth=fifo:${this.path}`;
  }

  /** How many tokens are in the pipe; they are put back. */
  count(): number {
    const room = new Uint8Array(100);
    try {
      const read = readSync(this.#fd, room, 0, 100, null);
      writeSync(this.#fd, room, 0, read);
      return read;
    } catch {
      return 0;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

async function gatesIn(repo: Repo, names: readonly string[]): Promise<Gate[]> {
  await mkdir(repo.path("gates"), { recursive: true });
  return names.map((name) => new Gate(repo.path("gates"), name));
}

const toml = (gates: readonly Gate[]) =>
  `[commands]\n${gates.map(({ name, exec }) => `${name} = '''${exec}'''\n`).join("")}`;

repoTest(
  "below a jobserver qik runs as many at once as it gets slots, and gives all back",
  {},
  async (repo) => {
    const gates = await gatesIn(repo, ["a", "b", "c"]);
    await repo.write({ "qik.toml": toml(gates) });
    using above = new Above(repo, 1);
    const run = repo.with({ env: { MAKEFLAGS: above.makeflags } }).startQik("-n", "3");
    // One slot of its own and one token: two run. The third waits until one of them has ended.
    await Promise.all([gates[0]!.started(), gates[1]!.started()]);
    assert.equal(above.count(), 0);
    await gates[0]!.finish();
    await gates[2]!.started();
    assert.equal(above.count(), 0);
    await gates[1]!.finish();
    await gates[2]!.finish(3);
    assert.equal((await run.ended).code, 3, repo.log);
    assert.equal(above.count(), 1);
  },
);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  repoTest(`after ${signal} all tokens are where they were`, {}, async (repo) => {
    const gates = await gatesIn(repo, ["a", "b"]);
    await repo.write({ "qik.toml": toml(gates) });
    using above = new Above(repo, 4);
    const run = repo.with({ env: { MAKEFLAGS: above.makeflags } }).startQik("-n", "2");
    await Promise.all(gates.map((gate) => gate.started()));
    assert.equal(above.count(), 3);
    run.signal(signal);
    await run.ended;
    assert.equal(above.count(), 4);
  });
}

repoTest("a jobserver that cannot be used is a warning", {
  "qik.toml": '[commands]\na = "echo a"\n',
}, async (repo) => {
  for (const auth of ["fifo:/no/such/pipe", "fifo:/dev/null", "fifo:qik.toml", "95,96", "x"]) {
    const MAKEFLAGS = ` -j2 --jobserver-auth=${auth}`;
    const { out, err } = await repo.with({ env: { MAKEFLAGS } }).must();
    assert.equal(out, "a\n");
    assert.match(err, /Warning: Cannot use the jobserver .* \[jobserver-unusable\]/);
  }
});

/** Stands for a make: takes tokens from the jobserver that it is told of, says how many it got, gives them back. */
const GREEDY = `#!/usr/bin/env python3
import os, re, sys
path = re.search(r"--jobserver-auth=fifo:(\\S+)", os.environ["MAKEFLAGS"]).group(1)
fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
got = b""
try:
    while True: got += os.read(fd, 1)
except BlockingIOError: pass
print(f"got {len(got)} of {re.search('-j([0-9]+)', os.environ['MAKEFLAGS']).group(1)}", flush=True)
if sys.argv[1:] == ["wait"]:
    open("gates/tool.up", "w").write("tool\\n")
    open("gates/tool.go").read()
os.write(fd, got)
`;

repoTest(
  "what commands run shares qik's slots: one per task, the rest for who takes them",
  {},
  async (repo) => {
    assert(await inPath("python3"), "needs python3");
    const [tool, other] = await gatesIn(repo, ["tool", "other"]);
    await repo.writeScript("greedy", GREEDY);
    await repo.write({
      "qik.toml": `[defaults]\njobserver = true\n[commands]\ntool = "./greedy wait"\n` +
        `other = '''${other!.exec}'''\nlast = "./greedy"\n`,
    });
    const run = repo.startQik("-n", "4", "tool", "other", "-v");
    await other!.started();
    await tool!.started();
    await tool!.finish();
    await other!.finish();
    assert.equal((await run.ended).code, 0, repo.log);
    const got = Number(/got (\d) of 4/.exec((await run.ended, run.out))?.[1]);
    // Its own slot is counted by qik, and maybe that of the other command.
    assert(got === 2 || got === 3, run.out);
    assert.match((await repo.must("last", "-n", "4")).out, /got 3 of 4/);
  },
);

repoTest("without slots to share, or where it is not wanted, MAKEFLAGS is left alone", {
  "qik.toml": '[commands]\na = "echo flags:$MAKEFLAGS"\n',
}, async (repo) => {
  assert.equal((await repo.must("-n", "1")).out, "flags:\n");
  await repo.write({
    "qik.toml": `[defaults]\njobserver = false\n${await repo.read("qik.toml")}`,
  });
  assert.equal((await repo.must("-n", "2")).out, "flags:\n");
  const MAKEFLAGS = "k";
  assert.equal((await repo.with({ env: { MAKEFLAGS } }).must("-n", "2")).out, "flags:k\n");
});

repoTest("make as it is installed works inside of a command and around qik", {
  "Makefile": "all: a b\na b:\n\t@echo made $@\nouter:\n\t+@$(QIK) inner -n 4\n",
  "qik.toml": '[commands]\nmake = "make -s all"\ninner = "echo inner"\n',
}, async (repo) => {
  assert(await inPath("make"), "needs make");
  const { out, err } = await repo.must("make", "-n", "2");
  assert.deepEqual(out.split("\n").toSorted().join(" ").trim(), "made a made b");
  assert.doesNotMatch(err, /jobserver/);
  const qik = `${await repo.writeProgram()}/qik`;
  const around = await repo.run("make", "-s", "-j2", "outer", `QIK=${qik}`);
  assert.equal(around.code, 0, repo.log);
  assert.match(around.out, /^inner$/m);
  assert.doesNotMatch(around.out + around.err, /jobserver/);
});
