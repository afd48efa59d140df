import type { TaskEnded, TaskOutput } from "../events/events.ts";
import { type FilterRules, outputFilter } from "./filter.ts";
import { HeadTail } from "./head_tail.ts";
import type { ReadLog } from "./ports.ts";

/** Outputs that wait for the end of the run may take so much memory; beyond it only logs on disk are used. */
const MOST_WAITING = 8 * 1024 * 1024;
const LF = 0x0a;

interface Group {
  /** Unset where only the log on disk has it. */
  kept: HeadTail | undefined;
  replayed: boolean;
}

/**
 * Keeps the output of tasks until it is known whether it will be shown: at most 128 KiB of each running task and
 * 8 MiB of ended ones. What was too long to keep is read from the task's log.
 */
export class GroupedOutput {
  readonly #running = new Map<string, Group>();
  readonly #waiting = new Map<string, Group>();
  #waitingBytes = 0;

  constructor(
    readonly readLog: ReadLog,
    readonly rulesFor: (replayed: boolean) => FilterRules | undefined,
  ) {}

  add({ task, bytes, replayed }: TaskOutput): void {
    let group = this.#running.get(task);
    if (group === undefined) this.#running.set(task, group = { kept: new HeadTail(), replayed });
    group.replayed ||= replayed;
    group.kept?.push(bytes);
  }

  /** Forgets the output of an ended task. */
  drop(task: string): void {
    this.#running.delete(task);
  }

  /** Keeps the output of an ended task for {@link write} at the end of the run. */
  keep(ended: TaskEnded): void {
    const group = this.#running.get(ended.task);
    this.#running.delete(ended.task);
    if (group?.kept === undefined) return;
    const size = group.kept.length - group.kept.omitted;
    if (ended.log !== undefined && this.#waitingBytes + size > MOST_WAITING) group.kept = undefined;
    else this.#waitingBytes += size;
    this.#waiting.set(ended.task, group);
  }

  /** Whether the task printed anything that is still known of. */
  has(task: string): boolean {
    return this.#running.has(task) || this.#waiting.has(task);
  }

  /** Hands the whole output of an ended task to `into`, filtered, and forgets it. Ends with a line feed. */
  write({ task, log }: TaskEnded, into: (bytes: Uint8Array) => void): void {
    const group = this.#running.get(task) ?? this.#waiting.get(task);
    this.#running.delete(task);
    this.#waiting.delete(task);
    if (group === undefined) return;
    const rules = this.rulesFor(group.replayed);
    const filter = rules && outputFilter(rules);
    let last = LF;
    const put = (bytes: Uint8Array) => {
      if (bytes.length === 0) return;
      last = bytes[bytes.length - 1]!;
      into(bytes);
    };
    const push = (bytes: Uint8Array) => put(filter ? filter.push(bytes) : bytes);
    const fromLog = () => log !== undefined && this.readLog(log, (bytes) => push(bytes.slice()));
    const { kept } = group;
    if (kept?.omitted === 0 || !fromLog()) {
      if (kept) kept.read(push, (omitted) => push(note(`${omitted} bytes left out`)));
      else push(note("the output is in the log, which cannot be read"));
    }
    if (filter) put(filter.end());
    if (last !== LF) put(Uint8Array.of(LF));
  }
}

function note(text: string): Uint8Array {
  return new TextEncoder().encode(`\n… ${text} …\n`);
}
