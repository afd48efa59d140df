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
  const numbers = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return numbers.some((number) => runsIn(group, number));
}

function runsIn(group: number, number: string): boolean {
  try {
    const stat = readFileSync(`/proc/${number}/stat`, "utf8");
    // The name before it may hold anything, also spaces and brackets.
    const [state, , ownGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(ownGroup) === group && state !== "Z" && state !== "X";
  } catch {
    // It ended while we looked.
    return false;
  }
}
