import type { Cache, CapturedLog, Hit, Manifest, TaskResult } from "../../../lib/cache/cache.ts";
import type { QikEvent, Reporter } from "../../../lib/events/events.ts";
import type { ExecRequest, ExecResult, Executor } from "../../../lib/run/executor.ts";

/** Keeps all events. */
export class Recorder implements Reporter {
  readonly events: QikEvent[] = [];
  closed = 0;
  on(event: QikEvent): void {
    this.events.push(event);
  }
  close(): void {
    this.closed += 1;
  }
  of<T extends QikEvent["type"]>(type: T): Extract<QikEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<QikEvent, { type: T }> =>
      event.type === type
    );
  }
  /** `lint ran` per ended task, in order. */
  get endings(): string[] {
    return this.of("task-ended").map(({ task, ending }) => `${task} ${ending}`);
  }
  get problems(): string[] {
    return this.of("problem").map(({ code }) => code);
  }
}

/** Answers as told, and remembers what it was asked. */
export class FakeExecutor implements Executor {
  readonly requests: ExecRequest[] = [];
  /** Results for the calls to come, in order; afterwards code 0. */
  readonly results: Partial<ExecResult>[] = [];
  execute(request: ExecRequest): Promise<ExecResult> {
    this.requests.push(request);
    request.onOutput("out", new TextEncoder().encode(`${request.task}\n`));
    return Promise.resolve({
      code: 0,
      tookMs: 5,
      log: logOf(request.logFile!),
      logCut: false,
      pipeLeftOpen: false,
      ...this.results.shift(),
    });
  }
}

function logOf(file: string): CapturedLog {
  return { file, size: 0, turns: [] };
}

/** A cache in memory, each part of which can be made to fail. */
export class FakeCache implements Cache {
  readonly name = "fake";
  readonly entries = new Map<string, TaskResult>();
  readonly restored: string[] = [];
  /** Patterns that the next `put` says to have matched nothing. */
  empty?: readonly string[];
  asked = 0;
  broken: Partial<{
    get: "throw" | "damaged" | "failed";
    put: "throw" | "unwritable" | "bad-artifact";
    restore: "throw" | "damaged" | "refused" | "conflict" | "failed";
    replay: "throw";
  }> = {};
  touched = 0;

  get(key: string): ReturnType<Cache["get"]> {
    this.asked += 1;
    if (this.broken.get === "throw") throw new Error("get failed");
    if (this.broken.get !== undefined) {
      return Promise.resolve({ found: false, reason: this.broken.get, detail: "bad bytes" });
    }
    const entry = this.entries.get(key);
    if (entry === undefined) return Promise.resolve({ found: false, reason: "absent" });
    return Promise.resolve({ found: true, hit: this.#hitOf(entry) });
  }

  has(key: string): boolean {
    return this.entries.has(key);
  }

  put(result: TaskResult): ReturnType<Cache["put"]> {
    const { put } = this.broken;
    if (put === "throw") return Promise.reject(new Error("put failed"));
    if (put !== undefined) {
      return Promise.resolve({ stored: false, reason: put, detail: `${put} it is` });
    }
    this.entries.set(result.key, result);
    const { empty } = this;
    return Promise.resolve({ stored: true, manifest: manifestOf(result), ...(empty && { empty }) });
  }

  #hitOf(entry: TaskResult): Hit {
    const { restore, replay } = this.broken;
    return {
      manifest: manifestOf(entry),
      restore: () => {
        if (restore === "throw") return Promise.reject(new Error("restore failed"));
        if (restore) return Promise.resolve({ ok: false, reason: restore, detail: "no" });
        this.restored.push(entry.task);
        return Promise.resolve({ ok: true, written: this.touched, removed: 0 });
      },
      replay: (onOutput) => {
        if (replay === "throw") throw new Error("replay failed");
        onOutput("err", new TextEncoder().encode("again\n"));
      },
    };
  }
}

function manifestOf(result: TaskResult): Manifest {
  return {
    schema: 1,
    key: result.key,
    task: result.task,
    exit: result.exit,
    tookMs: result.tookMs,
    storedAt: 0,
    log: { digest: "", size: 6, turns: [-6] },
    artifacts: result.patterns.map((path) => ({
      path,
      kind: "file",
      mode: 0o644,
      size: 0,
      content: "c",
    })),
  };
}
