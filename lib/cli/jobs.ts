import { messageOf } from "../base/message_of.ts";
import type { Problem } from "../base/problems.ts";
import { JobSlots, type JobSlotsParts } from "../run/job_slots.ts";
import { inheritedPipe, openTokenPipe, type TokenPipe } from "../sys/token_pipe.ts";
import { errorCode, type Sys } from "../sys/sys.ts";

/** What GNU make puts into its fifo, and cargo and ninja give back as they found it. */
const TOKEN = 0x2b;
/** The first make that knows named pipes; earlier ones end with an error where they meet one. */
const KNOWS_FIFOS = [4, 4] as const;

/** Slots shared with make, ninja and cargo, and how to close them. */
export interface Jobs {
  readonly slots?: JobSlots;
  /** The pipe that was made for this run; `close` removes it. */
  readonly fifo?: string;
  /** There is a jobserver above, but it cannot be used. */
  readonly problem?: Problem;
  close(): void;
}

const NONE: Jobs = { close() {} };

/** What is asked of {@link openJobs}. */
export interface JobsRequest {
  readonly workers: number;
  /** `[defaults] jobserver`: unset means where no older make would be broken by it. */
  readonly jobserver: boolean | undefined;
  /** Names the pipe; no other process uses it. */
  readonly token: string;
}

/**
 * Honours the jobserver that `MAKEFLAGS` names, else becomes one for the commands of this run. Never fails: without
 * shared slots everything runs all the same.
 */
export async function openJobs(sys: Sys, request: JobsRequest): Promise<Jobs> {
  if (sys.machine.platform === "windows" || request.jobserver === false) return NONE;
  const above = jobserverIn(sys.env["MAKEFLAGS"] ?? "");
  if (above !== undefined) return join(sys, above, request);
  if (request.workers === 1) return NONE;
  if (request.jobserver === undefined && !await makeKnowsFifos(sys)) return NONE;
  return await serve(sys, request);
}

/** The last word about it counts, as for make. */
function jobserverIn(makeflags: string): string | undefined {
  return [...makeflags.matchAll(/--jobserver-(?:auth|fds)=(\S+)/g)].at(-1)?.[1];
}

function withoutJobserver(makeflags: string): string {
  return makeflags.replaceAll(/\s*--jobserver-(?:auth|fds)=\S+|(?:^|\s)-j\d*(?=\s|$)/g, "");
}

function join(sys: Sys, auth: string, { workers }: JobsRequest): Jobs {
  const fifo = /^fifo:(.+)$/.exec(auth)?.[1];
  const path = fifo ?? inheritedPipe(Number(/^(\d+),\d+$/.exec(auth)?.[1] ?? NaN));
  if (path === undefined) return unusable(auth, "it was not handed on to qik");
  try {
    const tokens = openTokenPipe(path);
    // A pipe without a name does not reach the commands: make would complain about it in each of them.
    const environment: JobSlotsParts["environment"] = (env) =>
      fifo === undefined && env["MAKEFLAGS"] !== undefined
        ? { ...env, MAKEFLAGS: withoutJobserver(env["MAKEFLAGS"]) }
        : env;
    const parts = { tokens, clock: sys.clock, client: true, slots: workers, environment };
    return { slots: new JobSlots(parts), close: () => tokens.close() };
  } catch (error) {
    const why = errorCode(error) ?? messageOf(error);
    return unusable(auth, why);
  }
}

function unusable(auth: string, why: string): Jobs {
  const message = `Cannot use the jobserver "${auth}" of MAKEFLAGS: ${why}`;
  return { ...NONE, problem: { code: "jobserver-unusable", message } };
}

async function serve(sys: Sys, { workers, token }: JobsRequest): Promise<Jobs> {
  // Words of MAKEFLAGS end at a blank.
  const directory = /^\/\S*$/.test(sys.env["TMPDIR"] ?? "") ? sys.env["TMPDIR"]! : "/tmp";
  const path = `${directory}/qik-jobs-${token}`;
  const made = await sys.processes.capture({ argv: ["mkfifo", "-m", "600", path], cwd: "/" });
  if (made.code !== 0) return NONE;
  let tokens: TokenPipe;
  try {
    tokens = openTokenPipe(path);
  } catch {
    sys.files.remove(path);
    return NONE;
  }
  for (let count = 0; count < workers; count++) tokens.give(TOKEN);
  const flags = `-j${workers} --jobserver-auth=fifo:${path}`;
  const parts: JobSlotsParts = {
    tokens,
    clock: sys.clock,
    client: false,
    slots: workers,
    // A command that brings a jobserver of its own knows better.
    environment: (env) =>
      jobserverIn(env["MAKEFLAGS"] ?? "") === undefined
        ? { ...env, MAKEFLAGS: `${env["MAKEFLAGS"] ?? ""} ${flags}` }
        : env,
  };
  const close = () => {
    tokens.close();
    sys.files.remove(path);
  };
  return { slots: new JobSlots(parts), fifo: path, close };
}

/** Whether there is no make that a named pipe would stop. */
async function makeKnowsFifos({ processes }: Sys): Promise<boolean> {
  const asked = await processes.capture({ argv: ["make", "--version"], cwd: "/", timeoutMs: 2000 });
  if (asked.code === 127) return true;
  const version = /^GNU Make (\d+)\.(\d+)/.exec(new TextDecoder().decode(asked.stdout));
  if (version === null) return false;
  const [major, minor] = version.slice(1).map(Number) as [number, number];
  return major > KNOWS_FIFOS[0] || (major === KNOWS_FIFOS[0] && minor >= KNOWS_FIFOS[1]);
}
