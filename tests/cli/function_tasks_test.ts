/** Tasks whose work is a function of a plugin, and every way to stop them. */
import assert from "node:assert/strict";
import { mkdir, readdir } from "node:fs/promises";
import { Gate } from "../support/gate.ts";
import { running, until, writtenPids } from "../support/process_state.ts";
import { inTerminal } from "../support/pseudo_terminal.ts";
import { pythonRepoTest } from "../support/python.ts";
import { type Repo, repoTest } from "../support/repo.ts";

/**
 * `code.work` runs a program with a grandchild in another session, and says who asks it to stop. `code.deaf` does the
 * same, and goes on for ever whatever it is told.
 */
const PLUGIN = (program: string) => `
const command = (qik, name, after) => qik.command({
  name,
  description: "Works",
  tasks: (project) => [{ space: project.config.spaces[0], args: {} }],
  task: () => ({
    exec: {
      version: "1",
      async run({ tool, write, stop }) {
        stop.addEventListener("abort", () => write("out", "asked by " + stop.reason + "\\n"));
        const { code } = await tool(["sh", "-c", ${JSON.stringify(program)}]);
        await after();
        return code;
      },
    },
    deps: [],
  }),
});
export default (qik) => ({
  name: "code",
  commands: [
    command(qik, "work", async () => {}),
    command(qik, "deaf", () => new Promise(() => setInterval(() => {}, 1000))),
  ],
});
`;

/** Writes the plugin; the gate opens when the program and what it started run. */
async function withPlugin(repo: Repo, more = ""): Promise<Gate> {
  await mkdir(repo.path("gates"));
  const gate = new Gate(repo.path("gates"), "gate");
  const program = `echo $$ >> pids
setsid sh -c 'echo $$ >> pids; exec sleep 1000' &
sh -c 'trap "" INT TERM HUP; echo $$ >> pids; while :; do sleep 1000; done' &
until [ "$(wc -l < pids)" -eq 3 ]; do sleep 0.01; done
${gate.exec}`;
  await repo.write({
    "plugin.ts": PLUGIN(program),
    "qik.toml": `[plugins]\ncode = "./plugin.ts"\n${more}`,
  });
  return gate;
}

async function left(repo: Repo): Promise<number[]> {
  const pids = await writtenPids(repo.path("pids"));
  assert.equal(pids.length, 3, String(pids));
  return await running(pids);
}

for (const [signal, exit] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  repoTest(`${signal} stops a function and all that its programs started`, {}, async (repo) => {
    const gate = await withPlugin(repo);
    const run = repo.startQik("code.work");
    await gate.started();
    run.signal(signal);
    const { code } = await run.ended;
    assert.equal(code, exit, repo.log);
    assert.deepEqual(await left(repo), []);
    assert.match(run.out, new RegExp(`asked by ${signal}`));
    const manifest = JSON.parse(await repo.read("._qik/out/manifest.json"));
    assert.deepEqual([manifest.exit, manifest.counts.cancelled], [exit, 1]);
  });
}

repoTest(
  "a function that does not listen holds up neither its grace nor a second Ctrl-C",
  {},
  async (repo) => {
    const gate = await withPlugin(repo);
    const run = repo.startQik("code.deaf");
    await gate.started();
    run.signal("SIGINT");
    await run.saw(/stopping/i);
    run.signal("SIGINT");
    assert.equal((await run.ended).code, 130, repo.log);
    assert.deepEqual(await left(repo), []);
  },
);

repoTest(
  "a killed qik leaves no program of a function, and no pipe of its jobserver",
  {},
  async (repo) => {
    const gate = await withPlugin(repo, "[defaults]\njobserver = true\n");
    const temporary = repo.path("../tmp");
    await mkdir(temporary);
    const run = repo.with({ env: { TMPDIR: temporary } }).startQik("code.work", "-n", "2");
    await gate.started();
    const names = () =>
      readdir(temporary).then((all) => all.filter((one) => one.startsWith("qik-jobs-")));
    assert.equal((await names()).length, 1, "the function's programs share slots");
    run.signal("SIGKILL");
    await run.ended;
    await until(async () => (await left(repo)).length === 0, () => "processes are left");
    await until(async () => (await names()).length === 0, () => "the pipe is left");
  },
);

repoTest(
  "a killed qik leaves no pipe of its jobserver behind, a finished one neither",
  {},
  async (repo) => {
    await mkdir(repo.path("gates"));
    const temporary = repo.path("../tmp");
    await mkdir(temporary);
    const own = repo.with({ env: { TMPDIR: temporary } });
    const names = () =>
      readdir(temporary).then((all) => all.filter((one) => one.startsWith("qik-jobs-")));
    for (const kill of [false, true]) {
      const gate = new Gate(repo.path("gates"), `gate-${kill}`);
      await repo.write({
        "qik.toml": `[defaults]\njobserver = true\n[commands]\nwait = '''${gate.exec}'''\n`,
      });
      const run = own.startQik("wait", "-n", "2");
      await gate.started();
      assert.equal((await names()).length, 1);
      if (kill) run.signal("SIGKILL");
      else await gate.finish();
      await run.ended;
      if (!kill) assert.deepEqual(await names(), []);
      await until(async () => (await names()).length === 0, () => "the pipe is left");
    }
  },
);

pythonRepoTest(
  "Ctrl-Z stops a function's programs, too, and they go on with it",
  {},
  async (repo) => {
    const gate = await withPlugin(repo, "[commands]\nother = 'true'\n");
    const stopped = (pid: string) =>
      `until grep -q "^State:.T" /proc/${pid}/status; do sleep 0.01; done`;
    const onceStopped = `read program < pids; ${stopped("$program")}
qik=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$program/status); ${stopped("$qik")}
echo "program and qik stopped" > state; kill -CONT $qik`;
    const goOn = `cat gates/${gate.name}.up > /dev/null; echo 0 > gates/${gate.name}.go`;
    const ran = await inTerminal(repo, ["code.work", "other", "-n", "2"], {
      steps: [
        { when: "1/2 tasks", send: "\x1a", run: onceStopped },
        { when: "\x1b[?25h", run: goOn },
      ],
    });
    assert.deepEqual([ran.code, ran.restored], [0, true], ran.output);
    assert.equal(await repo.read("state"), "program and qik stopped\n");
  },
);
