import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { QikEvent, TaskEnded } from "../../../lib/events/events.ts";
import { openDurations } from "../../../lib/run/durations.ts";
import { manifestReporter } from "../../../lib/run/manifest_file.ts";
import { openSys } from "../../../lib/sys/open.ts";
import { faultyFiles } from "../../support/faulty_files.ts";

const { files } = openSys();

const ended = (task: string, over: Partial<TaskEnded> = {}): TaskEnded => ({
  type: "task-ended",
  task,
  ending: "ran",
  atMs: 3.5,
  tookMs: 12.4,
  cached: false,
  ...over,
});
const runEnded: QikEvent = {
  type: "run-ended",
  exit: 0,
  counts: { hit: 0, ran: 1, failed: 0, skipped: 0, cancelled: 0 },
  tookMs: 20.2,
  savedMs: 0,
};

function temporary(test: (path: string) => void): () => void {
  return () => {
    const directory = mkdtempSync(join(tmpdir(), "qik-records-"));
    try {
      test(join(directory, "state", "file.json"));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
}

Deno.test(
  "durations: kept from run to run",
  temporary((path) => {
    const first = openDurations(files, path);
    assert.equal(first.expectedMs("a"), undefined);
    [ended("a"), ended("b", { ending: "failed", tookMs: 7 }), runEnded].forEach(first.reporter.on);
    const second = openDurations(files, path);
    assert.equal(second.expectedMs("a"), 12);
    assert.equal(second.expectedMs("b"), 7);
    [ended("a", { tookMs: 99 }), runEnded].forEach(second.reporter.on);
    const third = openDurations(files, path);
    assert.deepEqual([third.expectedMs("a"), third.expectedMs("b")], [99, 7]);
  }),
);

Deno.test(
  "durations: hits, skips and cancelled tasks teach nothing, and nothing is written",
  temporary((path) => {
    const counted = faultyFiles(files);
    const durations = openDurations(counted.files, path);
    const events = [
      ended("a", { ending: "hit", cached: true }),
      ended("a", { ending: "failed", cached: true }),
      ended("a", { ending: "skipped" }),
      ended("a", { ending: "cancelled" }),
      runEnded,
    ];
    events.forEach(durations.reporter.on);
    assert.equal(durations.expectedMs("a"), undefined);
    assert.equal(counted.counts.get("writeAtomic"), undefined);
  }),
);

Deno.test(
  "durations: damage and other versions are as good as nothing",
  temporary((path) => {
    files.makeDirectory(join(path, ".."));
    const texts = [
      "",
      "{",
      "null",
      "[]",
      "\xff",
      '{"version":2,"ms":{"a":1}}',
      '{"version":1,"ms":null}',
      '{"version":1,"ms":{"a":"1"}}',
      '{"version":1,"ms":{"a":-1}}',
      '{"version":1,"ms":{"a":1e999}}',
    ];
    for (const text of texts) {
      writeFileSync(path, text, "latin1");
      assert.equal(openDurations(files, path).expectedMs("a"), undefined, text);
    }
    writeFileSync(path, '{"version":1,"ms":{"__proto__":5,"a":6}}');
    const durations = openDurations(files, path);
    assert.deepEqual([durations.expectedMs("__proto__"), durations.expectedMs("a")], [5, 6]);
    assert.equal(durations.expectedMs("toString"), undefined);
  }),
);

Deno.test(
  "durations and manifest: a disk that cannot be written to fails nothing",
  temporary((path) => {
    const full = faultyFiles(files, { at: 1, onwards: true, code: "ENOSPC" }).files;
    [ended("a"), runEnded].forEach(openDurations(full, path).reporter.on);
    [ended("a"), runEnded].forEach(manifestReporter(full, path).on);
  }),
);

Deno.test(
  "manifest: what the run did",
  temporary((path) => {
    const reporter = manifestReporter(files, path);
    const events: QikEvent[] = [
      { type: "run-started", version: "1.2.3", root: "/r", workers: 2, startedAt: 77, tasks: [] },
      ended("a", { key: "k", savedMs: 1.7, ending: "hit", cached: true, code: 0 }),
      ended("b", { ending: "failed", code: 3, because: "timeout", log: "._qik/out/b.out" }),
      { ...runEnded, exit: 130, interrupted: "SIGINT" },
    ];
    events.forEach((event) => reporter.on(event));
    assert.deepEqual(JSON.parse(readFileSync(path, "utf8")), {
      version: 1,
      qik: "1.2.3",
      startedAt: 77,
      tookMs: 20,
      savedMs: 0,
      exit: 130,
      interrupted: "SIGINT",
      counts: { hit: 0, ran: 1, failed: 0, skipped: 0, cancelled: 0 },
      tasks: [
        { task: "a", ending: "hit", tookMs: 12, cached: true, code: 0, key: "k", savedMs: 2 },
        {
          task: "b",
          ending: "failed",
          tookMs: 12,
          cached: false,
          code: 3,
          because: "timeout",
          log: "._qik/out/b.out",
        },
      ],
    });
  }),
);
