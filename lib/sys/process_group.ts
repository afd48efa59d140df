import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { errorCode } from "./sys.ts";

/** Whether a process (or, for a negative number, any process of a group) is there, be it dead and unburied. */
export function canSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/**
 * Whether any process of a group still runs.
 *
 * Dead members whose parent is gone stay in the group until process 1 buries them, which in many containers
 * it never does. Asking the system costs microseconds; only where it says yes, `/proc` is read (Linux).
 */
export function groupRuns(group: number): boolean {
  if (!canSignal(-group)) return false;
  if (process.platform !== "linux") return true;
  return allNumbers().some((number) => {
    const [state, , ownGroup] = statOf(number);
    return Number(ownGroup) === group && isRunning(state);
  });
}

/** See `Processes.birth`. */
export function birth(pid: number): string | undefined {
  if (process.platform !== "linux") return undefined;
  // Clock ticks since the machine was started.
  return statOf(pid)[19];
}

/** Numbers of all processes that were started with a variable of this value, or of `value/…`; Linux only. */
export function findTagged(variable: string, value: string): readonly number[] {
  if (process.platform !== "linux") return [];
  return allNumbers().map(Number).filter((pid) =>
    pid !== process.pid && isTagged(pid, `${variable}=${value}`) && isRunning(statOf(pid)[0])
  );
}

/** The environment is read as Latin-1: any bytes may stand in it, and the tag is ASCII. */
function isTagged(pid: number, tag: string): boolean {
  try {
    const environment = `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}\0`;
    return environment.includes(`\0${tag}\0`) || environment.includes(`\0${tag}/`);
  } catch {
    // It ended while we looked, or belongs to somebody else.
    return false;
  }
}

function allNumbers(): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
}

function isRunning(state: string | undefined): boolean {
  return state !== undefined && state !== "Z" && state !== "X";
}

/** Fields of a process from its state on; none where it ended while we looked. */
function statOf(pid: number | string): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name before it may hold anything, also spaces and brackets.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}
