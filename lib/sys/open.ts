import process from "node:process";
import { systemClock } from "./clock.ts";
import { openFiles } from "./files.ts";
import { openMachine } from "./machine.ts";
import { systemNet } from "./net.ts";
import { openProcesses } from "./processes.ts";
import { openModules } from "./modules.ts";
import type { Sys } from "./sys.ts";
import { openTerminal } from "./terminal.ts";

/** The real outside, for this runtime. */
export function openSys(): Sys {
  return {
    files: openFiles(process.pid),
    net: systemNet,
    processes: openProcesses(),
    terminal: openTerminal(),
    clock: systemClock,
    machine: openMachine(),
    modules: openModules(),
    env: Object.freeze({ ...process.env }) as Readonly<Record<string, string>>,
  };
}
