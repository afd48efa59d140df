import assert from "node:assert/strict";
import { RunView } from "../../../lib/report/view.ts";
import { ended, output, runStarted, started } from "./fixture.ts";

function tasks(count: number, expectedMs?: number) {
  return Array.from({ length: count }, (_, n) => ({
    task: `t${n}`,
    command: "t",
    ...(expectedMs === undefined ? {} : { expectedMs }),
  }));
}

Deno.test("view: no guess where durations are unknown, or too early", () => {
  const unknown = new RunView();
  unknown.on(runStarted(tasks(4)), 0);
  unknown.on(started("t0"), 0);
  assert.equal(unknown.at(5000).leftMs, undefined);
  const early = new RunView();
  early.on(runStarted(tasks(4, 3000)), 0);
  early.on(started("t0"), 0);
  assert.equal(early.at(999).leftMs, undefined);
  assert.notEqual(early.at(1000).leftMs, undefined);
});

Deno.test("view: what is left is all work over the workers, or the longest task", () => {
  const view = new RunView();
  view.on(runStarted(tasks(4, 10_000), 2), 0);
  view.on(started("t0"), 0);
  view.on(started("t1"), 0);
  assert.equal(view.at(2000).leftMs, (8000 * 2 + 10_000 * 2) / 2);
  view.on(ended("t0", "ran"), 2000);
  view.on(ended("t2", "skipped"), 2000);
  view.on(ended("t3", "skipped"), 2000);
  assert.equal(view.at(2000).leftMs, 8000);
  assert.equal(view.at(60_000).leftMs, 0);
});

Deno.test("view: waiting tasks are expected to be hits as often as those before", () => {
  const view = new RunView();
  view.on(runStarted(tasks(10, 10_000), 1), 0);
  for (const task of ["t0", "t1", "t2"]) view.on(ended(task, "hit"), 0);
  view.on(started("t3"), 0);
  assert.equal(view.at(10_000).leftMs, 6 * 10_000 / 4);
});

Deno.test("view: counts per command, open ones first", () => {
  const view = new RunView();
  view.on(runStarted(["a@x", "b@x", "b@y"]), 0);
  view.on(ended("a@x", "hit"), 0);
  view.on(ended("b@y", "failed"), 0);
  view.on({ type: "run-stopping", atMs: 1, because: "SIGINT" }, 1);
  const { commands, hiddenCommands, counts, total, stopping } = view.at(10);
  assert.deepEqual(commands, [
    { name: "b", done: 1, total: 2 },
    { name: "a", done: 1, total: 1 },
  ]);
  assert.deepEqual(counts, { hit: 1, ran: 0, failed: 1, skipped: 0, cancelled: 0 });
  assert.deepEqual([hiddenCommands, total, stopping], [0, 3, "SIGINT"]);
});

Deno.test("view: the last line is the last with something on it, without controls", () => {
  const view = new RunView();
  view.on(runStarted(["a"]), 0);
  view.on(started("a", "first run"), 0);
  const note = () => view.at(10).running[0]!.note;
  assert.equal(note(), "first run");
  view.on(output("a", "\n  \n"), 1);
  assert.equal(note(), "first run");
  view.on(output("a", "10%\r20%\r"), 1);
  assert.equal(note(), "20%");
  view.on(output("a", "half a "), 1);
  view.on(output("a", "li\x1b]0;t\x07ne\t\x1b[1mbold\x1b[0m"), 1);
  assert.equal(note(), "half a line bold");
  view.on(output("a", "x".repeat(100_000)), 1);
  assert.equal(note(), "x".repeat(2048));
});

Deno.test("view: a hundred thousand tasks cost no more than their number", () => {
  const view = new RunView();
  const many = Array.from({ length: 100_000 }, (_, n) => ({ task: `t${n}`, command: `c${n}` }));
  view.on(runStarted(many), 0);
  for (const { task } of many.slice(0, 99_000)) view.on(ended(task, "hit"), 0);
  const { commands, hiddenCommands } = view.at(10);
  assert.equal(commands.length, 40);
  assert.equal(hiddenCommands, 99_960);
  assert.equal(commands[0]!.name, "c99000");
});
