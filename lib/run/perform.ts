import { QikError } from "../base/problems.ts";
import type { Cache, Hit } from "../cache/cache.ts";
import type { Task } from "../plan/types.ts";
import { CacheGuard } from "./cache_guard.ts";
import type { ExecRequest, ExecResult } from "./executor.ts";
import type { JobSlots } from "./job_slots.ts";
import { logPath } from "./log_file.ts";
import { openReplayedLog } from "./replayed_log.ts";
import { RUN_TAG } from "./run_tag.ts";
import type { TaskLock } from "./task_lock.ts";
import { MaskedOutput } from "./masked_output.ts";
import {
  becauseOf,
  changedInputs,
  codeOf,
  isOwnResult,
  isWanted,
  leftAlone,
  leftOpen,
  NOT_THERE,
} from "./result.ts";
import { StepClock } from "./step_clock.ts";
import type { KeyedTask, Perform, PerformPorts, Slot, TaskOutcome } from "./ports.ts";

const CANCELLED: TaskOutcome = { ending: "cancelled", tookMs: 0, cached: false };

/** A task with the key and the cache that it is looked up in. */
interface Keyed {
  readonly keyed: KeyedTask;
  readonly cache: Cache;
}

/** What is known of a task before anything runs. */
interface Known {
  readonly entry?: Keyed | undefined;
  readonly outcome?: TaskOutcome | undefined;
}

/**
 * The story of one task: its key, the cache's answer, then replay or execution, and storing what came of it.
 *
 * A result is stored only where it is the command's own: its inputs are still those of the key, its log is
 * whole, and neither qik nor a signal ended it.
 */
export function openPerform(ports: PerformPorts): Perform {
  const guard = new CacheGuard(ports.reporter, ports.saidUnwritable);
  return (task, slot) => new Story(ports, guard, task, slot).tell();
}

class Story {
  readonly #ports: PerformPorts;
  readonly #guard: CacheGuard;
  readonly #task: Task;
  readonly #slot: Slot;
  readonly #log: string;
  readonly #steps: StepClock;
  /** Of the look-up, and then of the command. */
  #startedAt: number;
  #why: string | undefined;
  #env: Readonly<Record<string, string>> = {};
  #jobs: JobSlots | undefined;
  #lock: TaskLock | undefined;
  /** The hit that is executed all the same, to be compared with what comes of it. */
  #audited: Hit | undefined;

  constructor(ports: PerformPorts, guard: CacheGuard, task: Task, slot: Slot) {
    this.#ports = ports;
    this.#guard = guard;
    this.#task = task;
    this.#slot = slot;
    this.#log = logPath(task.name);
    this.#startedAt = ports.clock.monotonic();
    this.#steps = new StepClock(slot.atMs);
  }

  async tell(): Promise<TaskOutcome> {
    return { ...await this.#settle(), steps: this.#steps.steps };
  }

  async #settle(): Promise<TaskOutcome> {
    const known = await this.#know();
    if (known.outcome !== undefined) return known.outcome;
    if (!this.#slot.mayStart()) return CANCELLED;
    this.#lock = await this.#steps.time("wait", () => this.#takeLock());
    try {
      // What the other one did is this task's result, if its inputs are still the same.
      const isDone = this.#mayBeDone(known) && this.#slot.mayStart();
      const now = isDone ? await this.#knowAnew() : known;
      if (now.outcome !== undefined) return now.outcome;
      return await this.#executeInSlots(now.entry);
    } finally {
      this.#lock?.release();
    }
  }

  /** Its key, and the outcome where that is settled without running anything. */
  async #know(): Promise<Known> {
    try {
      const entry = await this.#steps.time("hash", () => this.#key());
      return { entry, outcome: entry && await this.#lookUp(entry) };
    } catch (error) {
      if (error instanceof QikError) return { outcome: this.#unkeyed(error) };
      throw error;
    }
  }

  /** Whether another qik had the lock before, or began and ended between the look-up and the lock. */
  #mayBeDone({ entry }: Known): boolean {
    if (this.#lock?.waited) return true;
    if (this.#lock === undefined || entry === undefined || this.#why !== undefined) return false;
    return this.#guard.has(entry.cache, entry.keyed.key);
  }

  #knowAnew(): Promise<Known> {
    this.#ports.changed(this.#task);
    return this.#know();
  }

  /** A command that owns the terminal is somebody's own: two of them may run beside each other. */
  async #takeLock(): Promise<TaskLock | undefined> {
    const { name, command: { interactive, place } } = this.#task;
    if (interactive) return undefined;
    return await this.#ports.locks?.take({
      task: name,
      stop: this.#slot.stop,
      isWanted: this.#slot.mayStart,
      onWait: (owner) => {
        const message = `Waiting for "${name}", which another qik (process ${owner}) runs`;
        this.#ports.reporter.on({
          type: "problem",
          code: "task-locked",
          message,
          task: name,
          place,
        });
      },
    });
  }

  async #key(): Promise<Keyed | undefined> {
    const { mode, keyer, caches } = this.#ports;
    if (!this.#task.cacheable || !(mode.read || mode.write)) return undefined;
    return { keyed: await keyer.key(this.#task), cache: caches(this.#task.cache) };
  }

  /** An input or a dependency cannot be read: that fails this task, not the run. */
  #unkeyed(error: QikError): TaskOutcome {
    for (const problem of error.problems) {
      // What the dependency does not know of itself is at least a matter of this command.
      const { name, command: { place } } = this.#task;
      this.#ports.reporter.on({ type: "problem", place, ...problem, task: name });
    }
    const because = error.problems[0]?.message ?? error.message;
    return { ending: "failed", tookMs: this.#tookMs(), cached: false, code: error.exit, because };
  }

  async #lookUp(entry: Keyed): Promise<TaskOutcome | undefined> {
    if (!this.#ports.mode.read) {
      this.#why = "forced";
      return undefined;
    }
    const { cache, keyed: { key } } = entry;
    const found = await this.#steps.time(
      "cache",
      () => this.#guard.find(cache, key, this.#task.name),
    );
    if (found.hit === undefined) {
      this.#why = found.why;
      return undefined;
    }
    if (this.#ports.stands?.(this.#task) === false) {
      this.#why = NOT_THERE;
      return undefined;
    }
    const { exit } = found.hit.manifest;
    if (!isWanted(this.#task, exit)) {
      this.#why = `the cached result has exit code ${exit}`;
      return undefined;
    }
    const { hit } = found;
    if (this.#ports.audit?.chooses(this.#task)) {
      [this.#audited, this.#why] = [hit, "audit"];
      return undefined;
    }
    return await this.#steps.time("restore", () => this.#replay(entry, hit));
  }

  /** Explanations read the cache; where it is in disorder there is still something true to say. */
  #explainMiss(keyed: KeyedTask): string {
    try {
      return this.#ports.explainMiss(this.#task, keyed);
    } catch {
      return "not in the cache";
    }
  }

  async #replay({ keyed, cache }: Keyed, hit: Hit): Promise<TaskOutcome | undefined> {
    const place = this.#ports.restorePlace(this.#task);
    const restored = await this.#guard.restore(cache, hit, place);
    if (restored.touched === undefined) {
      this.#why = restored.why;
      return undefined;
    }
    if (restored.touched > 0) this.#ports.changed(this.#task);
    if (!await this.#replayLog(cache, hit)) {
      this.#why = "the cached result was damaged";
      return undefined;
    }
    const { exit, tookMs, artifacts, log } = hit.manifest;
    this.#ports.settled(this.#task, { key: keyed.key, artifacts });
    return {
      ending: exit === 0 ? "hit" : "failed",
      tookMs: this.#tookMs(),
      cached: true,
      code: exit,
      key: keyed.key,
      savedMs: tookMs,
      ...(log.size > 0 && { log: this.#log }),
    };
  }

  /** Hands out the log and leaves it where a log of this task is looked for. */
  async #replayLog(cache: Cache, hit: Hit): Promise<boolean> {
    const { root, files, reporter } = this.#ports;
    const path = `${root}/${this.#log}`;
    const masks = this.#ports.mask?.() !== undefined;
    const copy = openReplayedLog(files, path, hit.manifest.log, masks);
    if (hit.manifest.log.size === 0) return true;
    const { name: task } = this.#task;
    // What was stored before its name was told to be a secret's is masked now.
    const output = new MaskedOutput(this.#ports.mask, (stream, bytes) => {
      copy?.write(stream, bytes);
      reporter.on({ type: "task-output", task, stream, bytes, replayed: true });
    });
    const whole = await this.#guard.replay(cache, hit, (...piece) => output.push(...piece));
    output.end();
    copy?.end();
    return whole;
  }

  async #executeInSlots(entry: Keyed | undefined): Promise<TaskOutcome> {
    // Code that runs no program has nobody to share slots with.
    const jobs = this.#ports.jobs?.(this.#task.code?.sealed !== true);
    // While make is asked, and not before the lock is taken: the less time since the look-up, the less can be missed.
    if (entry !== undefined) this.#why ??= this.#explainMiss(entry.keyed);
    this.#jobs = await jobs;
    const release = await this.#steps.time(
      "wait",
      () => this.#jobs?.take(this.#task.command.weight, this.#slot.stop),
    );
    try {
      if (!this.#slot.mayStart()) return CANCELLED;
      return await this.#execute(entry);
    } finally {
      release?.();
    }
  }

  async #execute(entry: Keyed | undefined): Promise<TaskOutcome> {
    try {
      this.#env = this.#ports.environment(this.#task, this.#slot.worker);
    } catch (error) {
      // A dotenv file of a task without a key is read only here.
      if (error instanceof QikError) return this.#unkeyed(error);
      throw error;
    }
    this.#startedAt = this.#ports.clock.monotonic();
    this.#ports.reporter.on({
      type: "task-started",
      task: this.#task.name,
      atMs: this.#slot.atMs(),
      worker: this.#slot.worker,
      ...(this.#why !== undefined && { why: this.#why }),
    });
    const { result, tries } = await this.#runTries();
    if (!leftAlone(this.#task, result)) this.#ports.changed(this.#task);
    this.#warnAboutOutput(result);
    if (entry !== undefined && result.endedBy !== "stopped") {
      await this.#steps.time("store", () => this.#keep(entry, result));
    }
    return this.#outcomeOf(result, tries, entry?.keyed.key);
  }

  async #runTries(): Promise<{ readonly result: ExecResult; readonly tries: number }> {
    for (let tries = 1;; tries++) {
      const result = await this.#steps.time("run", () => this.#runOnce());
      const again = codeOf(result) !== 0 && result.endedBy !== "stopped" &&
        tries <= this.#task.command.retries && this.#slot.mayStart();
      if (!again) return { result, tries };
      this.#tellRetry(result, tries);
    }
  }

  #tellRetry(result: ExecResult, attempt: number): void {
    const because = becauseOf(this.#task, result);
    this.#ports.reporter.on({
      type: "task-retried",
      task: this.#task.name,
      atMs: this.#slot.atMs(),
      attempt,
      code: codeOf(result),
      ...(result.signal !== undefined && { signal: result.signal }),
      ...(because !== undefined && { because }),
    });
  }

  #runOnce(): Promise<ExecResult> {
    const { root, executor, callCode, reporter, tag, argv, mask } = this.#ports;
    const task = this.#task;
    const { timeoutMs, interactive } = task.command;
    const env = this.#env;
    const request: ExecRequest = {
      task: task.name,
      argv: argv(task),
      cwd: task.dir === "" ? root : `${root}/${task.dir}`,
      env: { ...this.#jobs?.environment(env) ?? env, ...(tag && { [RUN_TAG]: tag() }) },
      logFile: `${root}/${this.#log}`,
      interactive,
      ...(mask && { mask }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      onOutput: (stream, bytes) =>
        reporter.on({ type: "task-output", task: task.name, stream, bytes, replayed: false }),
      stop: this.#slot.stop,
      kill: this.#slot.kill,
    };
    const { code } = task;
    return code === undefined ? executor.execute(request) : callCode!(task, code, request);
  }

  #warnAboutOutput(result: ExecResult): void {
    const { name } = this.#task;
    if (result.logFailure !== undefined) this.#guard.logLost(this.#log, name, result.logFailure);
    if (result.logCut) {
      const message = `Did not store "${name}": kept only the start and the end of its output`;
      this.#guard.warn("log-cut", message, name);
    }
    const open = leftOpen(this.#task, result);
    if (open !== undefined) this.#guard.warn("pipe-left-open", open.message, name, open.hint);
  }

  async #keep({ keyed, cache }: Keyed, result: ExecResult): Promise<void> {
    const changed = await changedInputs(keyed, result);
    if (changed.length > 0) return this.#guard.inputsChanged(this.#task.name, changed);
    const task = this.#task;
    if (this.#audited !== undefined && isOwnResult(result)) {
      await this.#ports.audit?.compare({ task, hit: this.#audited, cache, exit: result.code });
    }
    const storable = this.#ports.mode.write && isOwnResult(result) && isWanted(task, result.code);
    const kept = !storable ? undefined : await this.#guard.put(cache, {
      key: keyed.key,
      task: task.name,
      command: task.command.name,
      exit: result.code,
      tookMs: Math.round(result.tookMs),
      log: result.log,
      root: this.#ports.root,
      patterns: task.artifacts,
      isAlone: () => this.#lock?.isHeld() ?? true,
      explanation: keyed.explanation(),
    });
    this.#warnAboutArtifacts(kept?.empty ?? []);
    if (kept === undefined && task.artifacts.length > 0) return;
    this.#ports.settled(task, { key: keyed.key, artifacts: kept?.manifest.artifacts ?? [] });
  }

  #warnAboutArtifacts(empty: readonly string[]): void {
    const { name, command: { place } } = this.#task;
    for (const pattern of empty) {
      const message = `The artifact pattern "${pattern}" of "${name}" matches no file`;
      this.#ports.reporter.on({
        type: "problem",
        code: "artifact-empty",
        message,
        place,
        task: name,
      });
    }
  }

  #outcomeOf(result: ExecResult, tries: number, key: string | undefined): TaskOutcome {
    const code = codeOf(result);
    const because = becauseOf(this.#task, result);
    const stopped = result.endedBy === "stopped";
    return {
      ending: stopped ? "cancelled" : code === 0 ? "ran" : "failed",
      tookMs: this.#tookMs(),
      cached: false,
      code,
      ...(result.log.size > 0 && { log: this.#log }),
      ...(result.signal !== undefined && { signal: result.signal }),
      ...(key !== undefined && { key }),
      ...(because !== undefined && { because }),
      ...(tries > 1 && code === 0 && { flaky: true }),
    };
  }

  #tookMs(): number {
    return this.#ports.clock.monotonic() - this.#startedAt;
  }
}
