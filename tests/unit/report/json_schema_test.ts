import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { QikEvent, RunStopping } from "../../../lib/events/events.ts";
import { jsonReporter } from "../../../lib/report/json.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { ended, MIXED, output, play, RETRIED, runEnded, runStarted, sinkInto } from "./fixture.ts";

const PAGE = new URL("../../../docs/events.schema.json", import.meta.url);

/** One event of each type, with all that may stand in it: a new type does not compile until it is here. */
const SAMPLES: { readonly [T in QikEvent["type"]]: Extract<QikEvent, { type: T }> } = {
  "run-started": runStarted([{ task: "a", command: "a", expectedMs: 1.5, dir: "x" }]) as Extract<
    QikEvent,
    { type: "run-started" }
  >,
  "task-started": { type: "task-started", task: "a", atMs: 0.5, worker: 1, why: "first run" },
  "task-output": output("a", Uint8Array.of(0xff)) as Extract<QikEvent, { type: "task-output" }>,
  "task-retried": {
    type: "task-retried",
    task: "a",
    atMs: 1,
    attempt: 1,
    code: 137,
    signal: "SIGKILL",
    because: "timeout after 1s",
  },
  "task-ended": ended("a", "failed", {
    code: 255,
    signal: "SIGKILL",
    key: "abc",
    savedMs: 1,
    because: "b",
    log: "._qik/out/a.out",
    flaky: true,
    worker: 2,
    steps: [{ name: "queue", startMs: 0, endMs: 0.25 }],
  }),
  "problem": {
    type: "problem",
    code: "glob-empty",
    message: "m",
    task: "a",
    hint: "h",
    place: { file: "qik.toml", line: 1, column: 2, path: "a.b" },
  },
  "run-paused": { type: "run-paused", atMs: 1 },
  "run-resumed": { type: "run-resumed", atMs: 1 },
  "run-stopping": { type: "run-stopping", atMs: 1, because: "fail-fast" },
  "run-ended": runEnded({ ran: 1 }, { interrupted: "SIGINT" }),
};

async function validator(closed: boolean) {
  const schema = JSON.parse(await readFile(PAGE, "utf8"));
  // A field that the page does not tell must not pass here, though readers let it pass.
  if (closed) {
    for (const one of Object.values(schema.$defs) as Record<string, unknown>[]) {
      if (one["properties"] === undefined) continue;
      one["additionalProperties"] = false;
      (one["properties"] as Record<string, unknown>)["v"] = { const: 1 };
    }
  }
  return new Ajv2020({ strict: true, strictRequired: false }).compile(schema);
}

async function lines(events: readonly (QikEvent | number)[]): Promise<unknown[]> {
  const pieces: string[] = [];
  await play(events, jsonReporter(sinkInto(pieces)), new FakeClock());
  return pieces.join("").trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("json: every event, and every field of it, is as docs/events.schema.json says", async () => {
  const validate = await validator(true);
  const events = [...Object.values(SAMPLES), ...MIXED, ...RETRIED];
  for (const line of await lines(events)) {
    assert(validate(line), JSON.stringify([line, validate.errors], null, 1));
  }
});

Deno.test("json: the schema knows every reason for which a run stops", async () => {
  const validate = await validator(true);
  const reasons: Readonly<Record<RunStopping["because"], true>> = {
    SIGINT: true,
    SIGTERM: true,
    SIGHUP: true,
    "fail-fast": true,
    change: true,
    bug: true,
  };
  for (const because of Object.keys(reasons)) {
    const line = { v: 1, type: "run-stopping", atMs: 1, because };
    assert(validate(line), JSON.stringify([line, validate.errors]));
  }
});

Deno.test("json: the schema refuses what is not an event, and lets new fields pass", async () => {
  const validate = await validator(false);
  const [line] = await lines([SAMPLES["task-started"]]);
  assert(validate({ ...line as object, later: true }), "a new field");
  assert(!validate({ ...line as object, v: 2 }), "another version");
  assert(!validate({ ...line as object, type: "task-gone" }), "an unknown type");
  assert(!validate({ ...line as object, worker: "1" }), "a wrong type");
});
