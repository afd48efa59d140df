import assert from "node:assert/strict";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { Gate } from "../support/gate.ts";
import { running, stateOf, until, writtenPids } from "../support/process_state.ts";
import { inTerminal } from "../support/pseudo_terminal.ts";
import { pythonRepoTest } from "../support/python.ts";
import { type Repo, repoTest } from "../support/repo.ts";
import { Screen } from "../support/screen.ts";

/** In the group of the command, out of it, in a session of its own, and one that ignores what it can. */
const TREE = (gate: Gate) => `
echo $$ >> pids
sleep 1000 & echo $! >> pids
setsid sh -c 'echo $$ >> pids; exec sleep 1000' &
sh -c 'trap "" INT TERM HUP; echo $$ >> pids; while :; do sleep 1000; done' &
until [ "$(wc -l < pids)" -eq 4 ]; do sleep 0.01; done
${gate.exec}
`;

/** Kills qik while its command and all that it started run; answers how long they lived on. */
async function killedQik(repo: Repo, round: number): Promise<number> {
  const gate = new Gate(repo.path("gates"), `gate${round}`);
  await repo.remove("pids");
  await repo.write({ "qik.toml": `[commands]\ntree = '''${TREE(gate)}'''\n` });
  const run = repo.startQik();
  await gate.started();
  const pids = await writtenPids(repo.path("pids"));
  assert.equal(pids.length, 4, String(pids));
  for (const pid of pids) assert(await stateOf(pid), `${pid} does not run`);
  run.signal("SIGKILL");
  const killed = performance.now();
  const left = () => running(pids);
  await until(async () => (await left()).length === 0, async () => `left: ${await left()}`);
  const tookMs = performance.now() - killed;
  await run.ended;
  return tookMs;
}

repoTest(
  "when qik is killed, what it started ends, also what has left its group",
  {},
  async (repo) => {
    await mkdir(repo.path("gates"));
    const rounds = Deno.env.get("QIK_TORTURE") === "full" ? 100 : 3;
    let longest = 0;
    for (let round = 0; round < rounds; round++) {
      longest = Math.max(longest, await killedQik(repo, round));
    }
    console.log(`${rounds} of ${rounds} gone, the last after ${Math.round(longest)} ms at most`);
  },
);

/** Processes that watch over a run of the repository's qik, known by the tag that they look for. */
async function supervisors(tag: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(async (pid) => {
    const words = await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "");
    return /^(?:\S*\/)?sh\0/.test(words) && words.includes(`\0QIK__RUN=${tag}`)
      ? [Number(pid)]
      : [];
  }));
  return found.flat();
}

repoTest("the process that watches over a run ends with it", {}, async (repo) => {
  await mkdir(repo.path("gates"));
  const gate = new Gate(repo.path("gates"), "gate");
  await repo.write({ "qik.toml": `[commands]\nwait = '''echo $QIK__RUN > tag; ${gate.exec}'''\n` });
  const run = repo.startQik();
  await gate.started();
  const tag = (await repo.read("tag")).trim().replace(/\d+$/, "");
  const watched = async () => (await supervisors(tag)).length === 1;
  await until(watched, () => Promise.resolve("nobody watches"));
  await gate.finish();
  assert.equal((await run.ended).code, 0);
  const left = () => supervisors(tag);
  await until(async () => (await left()).length === 0, async () => `left: ${await left()}`);
});

pythonRepoTest(
  "Ctrl-Z stops the commands, too, and gives the terminal back until it goes on",
  {},
  async (repo) => {
    await mkdir(repo.path("gates"));
    const [a, b] = ["a", "b"].map((name) => new Gate(repo.path("gates"), name));
    await repo.write({
      "qik.toml": `[commands]\na = '''echo $PPID $$ > pids; ${a!.exec}'''\nb = '''${b!.exec}'''\n`,
    });
    const stopped = (pid: string) =>
      `until grep -q "^State:.T" /proc/${pid}/status; do sleep 0.01; done`;
    const onceStopped = `read qik command < pids; ${stopped("$qik")}; ${stopped("$command")}
    echo both stopped > state; kill -CONT $qik`;
    const goOn = ["a", "b"].map((name) =>
      `cat gates/${name}.up > /dev/null; echo 0 > gates/${name}.go`
    );
    const ran = await inTerminal(repo, ["-n", "2"], {
      steps: [
        { when: "0/2 tasks", send: "\x1a", run: onceStopped },
        // Drawn again after it was taken away: the cursor had been shown in between.
        { when: "\x1b[?25h", run: goOn.join("; ") },
      ],
    });
    assert.deepEqual([ran.code, ran.restored], [0, true], ran.output);
    assert.equal(await repo.read("state"), "both stopped\n");
    const shownAt = ran.output.indexOf("\x1b[?25h");
    const screen = new Screen(80, 24);
    screen.write(new TextEncoder().encode(ran.output.slice(0, shownAt + 6).replaceAll("^Z", "")));
    assert.equal(screen.cursorShown, true);
    assert.doesNotMatch(
      screen.text(),
      /\/2 tasks/,
      "nothing of the view stays while qik is stopped",
    );
  },
);
