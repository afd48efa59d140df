/** How often a run waits for a remote cache: counted by a server that answers only when all are asking. */
import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { Repo } from "../support/repo.ts";
import { ObjectServer } from "../support/remote/object_server.ts";

const TASKS = 100;
const LINKS = 20;

const HEAD = (url: string) =>
  `[plugins]
http = "qik.http"
[caches.team]
type = "http"
url = "${url}"
[defaults]
cache = "team"
`;

/** Larger than what stands in a record, and different in each. */
const WRITE = (at: number) => `seq ${at + 1} 20000 > out/${at}`;

function wide(url: string) {
  const commands = Array.from({ length: TASKS }, (_, at) =>
    `[commands.c${at}]
exec = "${WRITE(at)}"
deps = ["in.txt"]
artifacts = ["out/${at}"]
`);
  return {
    "in.txt": "",
    "out/": "",
    ".gitignore": "out\n",
    "qik.toml": HEAD(url) + commands.join(""),
  };
}

function chain(url: string) {
  const commands = Array.from({ length: LINKS }, (_, at) =>
    `[commands.c${at}]
exec = "${WRITE(at)}"
deps = ["in.txt"${at === 0 ? "" : `, {type = "command", name = "c${at - 1}"}`}]
artifacts = ["out/${at}"]
`);
  return {
    "in.txt": "",
    "out/": "",
    ".gitignore": "out\n",
    "qik.toml": HEAD(url) + commands.join(""),
  };
}

/** Lets requests go on only when so many of them are under way. */
function together(size: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asking = 0;
  return () => {
    asking += 1;
    if (asking === size) resolve();
    return promise;
  };
}

const isContent = ({ url }: IncomingMessage) => url!.startsWith("/cas/");

Deno.test(`${TASKS} tasks with an artifact each cost two round trips`, async () => {
  await using server = await ObjectServer.start();
  await using first = await Repo.create(wide(server.url));
  await first.must("-n", "8");
  await using second = await Repo.create(wide(server.url));
  server.seen.length = 0;
  const [records, contents] = [together(TASKS), together(TASKS)];
  server.hold = (request) => isContent(request) ? contents() : records();
  const { err } = await second.must("-n", "1");
  assert.doesNotMatch(err, /Warning/, second.log);
  assert.match(err, new RegExp(`${TASKS} cached`));
  assert.equal(server.seen.length, 2 * TASKS);
  assert.equal(await second.read("out/99"), await first.read("out/99"));
});

Deno.test("a chain is looked up to its end while the contents of its first links are on their way", async () => {
  await using server = await ObjectServer.start();
  await using first = await Repo.create(chain(server.url));
  await first.must();
  await using second = await Repo.create(chain(server.url));
  server.seen.length = 0;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  let records = 0;
  server.hold = (request) => {
    if (isContent(request)) return all;
    records += 1;
    if (records === LINKS) resolve();
    return undefined;
  };
  const { err } = await second.must("-n", "1");
  assert.doesNotMatch(err, /Warning/, second.log);
  assert.match(err, new RegExp(`${LINKS} cached`));
  assert.equal(server.seen.length, 2 * LINKS);
});

Deno.test("what waits for a command that runs is looked up at once when that one has ended", async () => {
  await using server = await ObjectServer.start();
  const files = (build: string) => {
    const commands = Array.from({ length: LINKS }, (_, at) =>
      `[commands.c${at}]
exec = "${WRITE(at)}"
deps = ["in.txt", {type = "command", name = "build"}]
artifacts = ["out/${at}"]
`);
    return {
      "in.txt": "",
      "out/": "",
      ".gitignore": "out\n",
      "qik.toml": `${HEAD(server.url)}[commands.build]
exec = "${build}"
artifacts = ["out/built"]
${commands.join("")}`,
    };
  };
  await using first = await Repo.create(files("echo same > out/built"));
  await first.must("-n", "8");
  await using second = await Repo.create(files("echo same > out/built"));
  server.seen.length = 0;
  const [records, contents] = [together(LINKS), together(LINKS)];
  server.hold = (request) => isContent(request) ? contents() : records();
  const { err } = await second.must("-n", "1");
  assert.doesNotMatch(err, /Warning/, second.log);
  assert.match(err, new RegExp(`${LINKS} cached, 1 ran|1 ran, ${LINKS} cached`));
  assert.equal(server.seen.length, 2 * LINKS);
});

Deno.test("a guess that turns out wrong changes no result", async () => {
  await using server = await ObjectServer.start();
  const links = Array.from({ length: 5 }, (_, at) =>
    `[commands.c${at}]
exec = "${
      at === 0 ? "head -c 90000 /dev/urandom" : `(cat out/${at - 1} && echo ${at})`
    } > out/${at}"
deps = ["in.txt"${at === 0 ? "" : `, {type = "command", name = "c${at - 1}"}`}]
artifacts = ["out/${at}"]
`);
  const files = {
    "in.txt": "",
    "out/": "",
    ".gitignore": "out\n",
    "qik.toml": HEAD(server.url) + links.join(""),
  };
  await using first = await Repo.create(files);
  await first.must("c0");
  const contents = [...server.objects.keys()].filter((path) => path.startsWith("/cas/"));
  assert.equal(contents.length, 1);
  await first.must();
  // All records are there, but what the first link wrote is lost: it runs, and writes something else.
  for (const path of contents) server.objects.delete(path);
  await using second = await Repo.create(files);
  const { out, err } = await second.must();
  assert.match(out + err, /5 ran/, second.log);
  const start = await second.readBytes("out/0");
  assert.notDeepEqual(start, await first.readBytes("out/0"));
  assert.deepEqual((await second.readBytes("out/4")).subarray(0, start.length), start);
});
