/**
 * `deno run -A bench/remote.ts [ROUNDS] [upload|fetch]`: what a remote cache costs and saves, against a server on this
 * machine whose every answer comes 0, 20 and 100 ms later. `QIK_BIN` names the executable; 100 tasks with one artifact of
 * 200 kB each. What is compared is run in turns, so that a machine that grows slower slows all of it.
 *
 * Beside it stands what transfer file by file takes on the same server: for each task, two at a time, its manifest,
 * log and artifact one after the other, as the Python qik moved them.
 */
import { Buffer } from "node:buffer";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { summary } from "./measure.ts";

const TASKS = 100;
const ARTIFACT_BYTES = 200_000;
const ROUNDS = Number(Deno.args[0] ?? 5);
const PARTS = Deno.args[1] === undefined ? ["upload", "fetch"] : [Deno.args[1]];
const ADDED_MS = [0, 20, 100];

/** Keeps what is put, and answers late. */
function startServer() {
  const kept = new Map<string, Buffer>();
  const state = { addedMs: 0, requests: 0, kept, url: "", close: () => {} };
  const server = createServer(async (request, response) => {
    state.requests += 1;
    const parts: Uint8Array[] = [];
    for await (const part of request) parts.push(part);
    if (state.addedMs > 0) await new Promise((done) => setTimeout(done, state.addedMs));
    const path = request.url ?? "";
    if (request.method === "PUT") {
      kept.set(path, Buffer.concat(parts));
      return void response.writeHead(201).end();
    }
    const found = kept.get(path);
    if (found === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { "Content-Length": found.length });
    response.end(request.method === "HEAD" ? undefined : found);
  });
  return new Promise<typeof state>((done) => {
    server.listen(0, "127.0.0.1", () => {
      state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      state.close = () => {
        server.closeAllConnections();
        server.close();
      };
      done(state);
    });
  });
}

async function writeRepository(directory: string, url: string): Promise<void> {
  const commands = Array.from({ length: TASKS }, (_, at) =>
    `[commands.c${at}]
exec = "sleep 0.1; head -c ${ARTIFACT_BYTES} in/noise${at} > out/${at} && echo built ${at}"
deps = ["in/noise${at}"]
artifacts = ["out/${at}"]
`);
  await mkdir(join(directory, "in"), { recursive: true });
  await mkdir(join(directory, "out"), { recursive: true });
  for (let at = 0; at < TASKS; at += 1) {
    const noise = new Uint8Array(ARTIFACT_BYTES);
    for (let from = 0; from < noise.length; from += 65_536) {
      crypto.getRandomValues(noise.subarray(from, Math.min(noise.length, from + 65_536)));
    }
    await writeFile(join(directory, `in/noise${at}`), noise);
  }
  await writeFile(join(directory, ".gitignore"), "out\n");
  await writeFile(
    join(directory, "qik.toml"),
    `ctx = [{name = "url", default = "${url}"}, {name = "mode", default = "read-write"}]
[plugins]
http = "qik.http"
[caches.team]
type = "http"
url = "{ctx.url}"
mode = "{ctx.mode}"
[defaults]
cache = "team"
${commands.join("\n")}`,
  );
  await run(["git", "init", "-q"], directory);
  await run(["git", "add", "-A"], directory);
}

async function run(
  argv: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<number> {
  const started = performance.now();
  const { code, stderr } = await new Deno.Command(argv[0]!, {
    args: argv.slice(1),
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stderr);
  if (code !== 0 || text.includes("Warning")) throw new Error(`${argv.join(" ")}: ${text}`);
  return performance.now() - started;
}

/** The files of every task one after the other, two tasks at a time. */
async function fileByFile(url: string): Promise<number> {
  const started = performance.now();
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < TASKS; at = next++) {
      for (const name of ["manifest", "log", "artifact"]) {
        await (await fetch(`${url}/plain/${at}/${name}`)).arrayBuffer();
      }
    }
  };
  await Promise.all([worker(), worker()]);
  return performance.now() - started;
}

const qik = resolve(Deno.env.get("QIK_BIN") ?? "dist/qik");
const server = await startServer();
const base = await mkdtemp(join(tmpdir(), "qik-bench-"));
const clone = join(base, "one");
await writeRepository(clone, server.url);
const cold = join(base, "cold");
for (let at = 0; at < TASKS; at += 1) {
  server.kept.set(`/plain/${at}/manifest`, Buffer.alloc(500));
  server.kept.set(`/plain/${at}/log`, Buffer.alloc(500));
  server.kept.set(`/plain/${at}/artifact`, Buffer.alloc(ARTIFACT_BYTES));
}

/** One run in a fresh copy, so that nothing is known but what the server has. */
async function fresh(env: Record<string, string>): Promise<number> {
  await rm(cold, { recursive: true, force: true });
  await cp(clone, cold, { recursive: true });
  return await run([qik], cold, env);
}

/** Medians of actions that are measured in turns. */
async function medians(actions: readonly (() => Promise<number>)[]): Promise<number[]> {
  const samples = actions.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, action] of actions.entries()) samples[at]!.push(await action());
  }
  return samples.map((one) => summary(one).median);
}

/** An action against a server that answers so much later. */
const later = (addedMs: number, action: () => Promise<number>) => () => {
  server.addedMs = addedMs;
  return action();
};

const forget = () => {
  for (const path of server.kept.keys()) {
    if (!path.startsWith("/plain/")) server.kept.delete(path);
  }
};

async function upload(): Promise<void> {
  const uploading = () => {
    forget();
    return fresh({ MODE: "write-only" });
  };
  const [off, ...uploads] = await medians([
    () => fresh({ MODE: "off" }),
    ...ADDED_MS.map((addedMs) => later(addedMs, uploading)),
  ]);
  console.log(`cold, no remote:        ${ms(off!)}`);
  for (const [at, addedMs] of ADDED_MS.entries()) {
    const adds = (100 * (uploads[at]! / off! - 1)).toFixed(1);
    console.log(`cold, upload, +${ms(addedMs)}: ${ms(uploads[at]!)}   adds ${adds} %`);
  }
}

async function fetching(): Promise<void> {
  server.addedMs = 0;
  if (server.kept.size === 3 * TASKS) await fresh({});
  const all = await medians(
    ADDED_MS.map((addedMs) => later(addedMs, () => fresh({ MODE: "read-only" }))),
  );
  for (const [at, addedMs] of ADDED_MS.entries()) {
    const found = all[at]!;
    const plain = await later(addedMs, () => fileByFile(server.url))();
    const trips = addedMs === 0 ? "-" : ((found - all[0]!) / addedMs).toFixed(1);
    console.log(
      `fetch,        +${ms(addedMs)}: ${ms(found)}   round trips ${trips}   file by file ${
        ms(plain)
      }`,
    );
  }
}

const ms = (value: number) => `${Math.round(value)} ms`.padStart(8);
console.log(`${TASKS} tasks, one artifact of ${ARTIFACT_BYTES} bytes each; median of ${ROUNDS}`);
if (PARTS.includes("upload")) await upload();
if (PARTS.includes("fetch")) await fetching();
server.close();
await rm(base, { recursive: true, force: true });
