/** qik is killed while it uploads, at random places of what it sends, and its results are read elsewhere (RELIABILITY R2). */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import { random } from "../support/random.ts";
import { Repo } from "../support/repo.ts";
import { ObjectServer } from "../support/remote/object_server.ts";
import { SEED, tell, times } from "../support/torture.ts";

const KILLS = times(8, 1000);
const TASKS = 3;
const LINES = 200_000;

/** Each task has contents in the record, and one of two pieces. */
function project(url: string, mode: string) {
  const commands = Array.from({ length: TASKS }, (_, at) =>
    `[commands.c${at}]
exec = "v=$(cat in.txt) && seq -f \\"$v ${at} %.0f\\" ${LINES} > out/large${at} && echo $v > out/small${at}"
deps = ["in.txt"]
artifacts = ["out/large${at}", "out/small${at}"]
`);
  return {
    "in.txt": "",
    "out/": "",
    ".gitignore": "out\n",
    "qik.toml": `[plugins]
http = "qik.http"
[caches.team]
type = "http"
url = "${url}"
mode = "${mode}"
[defaults]
cache = "team"
${commands.join("")}`,
  };
}

async function assertRight(repo: Repo, value: string, what: string): Promise<void> {
  for (let at = 0; at < TASKS; at += 1) {
    assert.equal(await repo.read(`out/small${at}`), `${value}\n`, what);
    const lines = (await repo.read(`out/large${at}`)).split("\n");
    assert.equal(lines.length, LINES + 1, what);
    for (const line of [1, LINES / 2, LINES]) {
      assert.equal(lines[line - 1], `${value} ${at} ${line}`, what);
    }
  }
}

/** Counts requests and pieces of their bodies as they come, and does something at one of them. */
class Counting {
  #events = 0;
  #at = Infinity;
  #action = () => {};
  readonly #open = new Set<Promise<void>>();

  /** @param keepsHalf Whether it stores what it got of a body that broke off, as a careless server would. */
  constructor(readonly server: ObjectServer, readonly keepsHalf: () => boolean) {
    server.before = (request, response) => {
      this.#note();
      if (request.method !== "PUT") return false;
      const taken = this.#take(request, response).finally(() => this.#open.delete(taken));
      this.#open.add(taken);
      return true;
    };
  }

  get events(): number {
    return this.#events;
  }

  begin(at: number, action: () => void): void {
    this.#events = 0;
    this.#at = at;
    this.#action = action;
  }

  /** Ends when nothing is being received any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#open);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Uint8Array[] = [];
    const keep = () => this.server.objects.set(request.url!, Buffer.concat(parts));
    try {
      for await (const part of request) {
        parts.push(part);
        this.#note();
      }
      keep();
      response.writeHead(201).end();
    } catch {
      if (this.keepsHalf()) keep();
    }
  }

  #note(): void {
    this.#events += 1;
    if (this.#events === this.#at) this.#action();
  }
}

Deno.test(`SIGKILL while results are uploaded, seed ${SEED}`, async () => {
  await using server = await ObjectServer.start();
  const next = random(SEED);
  const counting = new Counting(server, () => next(2) === 0);
  await using writer = await Repo.create(project(server.url, "write-only"));
  await using reader = await Repo.create(project(server.url, "read-only"));
  counting.begin(Infinity, () => {});
  await writer.must();
  const most = counting.events;
  assert.ok(most > 3 * TASKS, `${most} places to be killed at`);
  let killed = 0;
  let hits = 0;
  for (let round = 0; round < KILLS; round += 1) {
    const what = `round ${round} of seed ${SEED}`;
    const value = `v${round}`;
    server.objects.clear();
    for (const repo of [writer, reader]) {
      await repo.write({ "in.txt": `${value}\n` });
      await repo.remove("out", "._qik/cache");
      await repo.write({ "out/": "" });
    }
    const running = writer.startQik();
    counting.begin(1 + next(most), () => running.signalGroup("SIGKILL"));
    const { code } = await running.ended;
    assert.ok(code === 0 || code === 137, `${what}: ${code}`);
    await counting.idle();
    counting.begin(Infinity, () => {});
    if (code === 137) killed += 1;
    const { out, err } = await reader.must();
    await assertRight(reader, value, `${what}\n${reader.log}`);
    hits += Number(/(\d+) cached/.exec(out + err)?.[1] ?? 0);
  }
  assert.ok(killed > KILLS / 2, `${killed} of ${KILLS} were killed`);
  tell(
    `${killed} SIGKILLs of uploads at ${most} places, read elsewhere: 0 wrong, ${hits} of ${
      KILLS * TASKS
    } tasks were hits`,
  );
});
