import type { Reporter } from "../events/events.ts";
import { openExecutor } from "../run/execute.ts";
import type { Executor } from "../run/executor.ts";
import type { PerformPorts } from "../run/ports.ts";
import { randomToken } from "../run/lock_card.ts";
import { processesOf, RUN_TAG } from "../run/run_tag.ts";
import { openTaskLocks, type TaskLocks } from "../run/task_lock.ts";
import type { Processes, Sys } from "../sys/sys.ts";
import type { Jobs } from "./jobs.ts";
import type { Project } from "./project.ts";

/** What runs the commands of one run: processes of this machine that share slots with what runs inside of them. */
export interface RunCommands {
  readonly executor: Executor;
  readonly locks: TaskLocks;
  readonly jobs: NonNullable<PerformPorts["jobs"]>;
  /** Ctrl-Z: the commands stop before qik does, and go on after it. */
  readonly onTerminalStop: Processes["onTerminalStop"];
  /** All commands have ended. */
  close(): Promise<void>;
}

/** @param reporter Told where the jobserver above cannot be used. */
export function openRunCommands(sys: Sys, project: Project, reporter: Reporter): RunCommands {
  const { processes, files, clock } = sys;
  const { paths: { root } } = project;
  const ancestors = processesOf(sys.env[RUN_TAG]);
  const locks = openTaskLocks({ root, files, clock, processes, ancestors });
  let opened: Promise<Jobs> | undefined;
  const temporary: string[] = [];
  const executor = openExecutor({ processes, files, clock, temporary: () => temporary });
  const open = async () => {
    const jobs = await openJobs(sys, project, reporter);
    if (jobs.fifo !== undefined) temporary.push(jobs.fifo);
    return jobs;
  };
  return {
    executor,
    locks,
    // Opened when the first command is about to start: hits need none. Asking make for its version takes 5 ms.
    async jobs(runsPrograms) {
      const wanted = runsPrograms || sys.env["MAKEFLAGS"] !== undefined;
      return opened === undefined && !wanted ? undefined : (await (opened ??= open())).slots;
    },
    onTerminalStop: (before, after) =>
      processes.onTerminalStop(() => {
        executor.pause?.();
        before();
      }, () => {
        after();
        executor.resume?.();
      }),
    async close() {
      locks.close();
      await executor.close?.();
      (await opened)?.close();
    },
  };
}

async function openJobs(sys: Sys, project: Project, reporter: Reporter): Promise<Jobs> {
  const { openJobs } = await import("./jobs.ts");
  const { settings: { workers }, plan: { config: { defaults: { jobserver } } } } = project;
  const jobs = await openJobs(sys, { workers, jobserver, token: randomToken() });
  if (jobs.problem !== undefined) reporter.on({ type: "problem", ...jobs.problem });
  return jobs;
}
