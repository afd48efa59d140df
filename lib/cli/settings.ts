import { QikError } from "../base/problems.ts";
import type { Machine, Sys } from "../sys/sys.ts";
import type { Invocation } from "./args.ts";

/** How a run behaves: the command line first, then `QIK__NAME` variables, then what fits the machine. */
export interface RunSettings {
  readonly workers: number;
  readonly isolated: boolean;
  readonly verbosity: 0 | 1 | 2;
  /** `linux-64` and so on, as `{ctx.qik.arch}`; keys hold what the machine really is. */
  readonly arch: string;
  /** The revision of `--since`. */
  readonly since?: string;
  /** Whether caches are read and written. */
  readonly mode: { readonly read: boolean; readonly write: boolean };
  /** Only results of remotes count, that so many accepted keys have signed alike, and none that is kept here. */
  readonly signers?: 1 | 2;
  /** Share of hits that is executed and compared; above 0, at most 1. */
  readonly audit?: number;
}

/**
 * @throws {QikError} `usage` for a value that means nothing.
 */
export function runSettings(
  invocation: Invocation,
  { env, machine }: Pick<Sys, "env" | "machine">,
): RunSettings {
  // An empty variable is as good as none. An empty word is a mistake: the variable behind it was not set, and
  // without the option everything would run.
  const since = invocation.since ?? (env.QIK__SINCE || undefined);
  const force = invocation.force || flag(env, "QIK__FORCE");
  const trust = invocation.cacheTrust ?? trustOf(env.QIK__CACHE_TRUST);
  const audit = shareOf(invocation.audit ?? env.QIK__AUDIT);
  const read = invocation.useCache && !force && trust !== "none";
  // What a variable says is meant for runs that can do it.
  if (invocation.audit !== undefined && !read) {
    throw new QikError({
      code: "usage",
      message: "Cannot audit stored results in a run that reads none",
      hint:
        "Leave out --audit, or what says that caches are not read: -f, --no-cache, QIK__FORCE, " +
        "--cache-trust none",
    });
  }
  return {
    workers: workersOf(invocation.workers ?? env.QIK__WORKERS, machine),
    isolated: invocation.isolated || flag(env, "QIK__ISOLATED"),
    verbosity: invocation.verbosity ?? verbosityOf(env.QIK__VERBOSITY),
    arch: env.QIK__ARCH || machine.arch,
    ...(since === undefined ? {} : { since }),
    mode: { read, write: invocation.useCache },
    ...(audit === undefined ? {} : { audit }),
    ...(trust === "signed" ? { signers: 1 } : trust === "2-of-n" ? { signers: 2 } : {}),
  };
}

function workersOf(given: string | undefined, machine: Machine): number {
  if (given === undefined || given === "") return machine.processors();
  if (/^[1-9]\d{0,3}$/.test(given)) return Number(given);
  throw new QikError({
    code: "usage",
    message: `Cannot use "${given}" as the number of workers`,
    hint: "Write a whole number from 1 to 9999, with -n or in QIK__WORKERS",
  });
}

function verbosityOf(given: string | undefined): 0 | 1 | 2 {
  if (given === undefined || given === "" || given === "1") return 1;
  if (given === "0") return 0;
  if (given === "2") return 2;
  throw new QikError({
    code: "usage",
    message: `Cannot use "${given}" as the verbosity`,
    hint: "Write 0, 1 or 2 in QIK__VERBOSITY",
  });
}

function trustOf(given: string | undefined): Invocation["cacheTrust"] {
  if (given === undefined || given === "") return undefined;
  if (given === "none" || given === "signed" || given === "2-of-n") return given;
  throw new QikError({
    code: "usage",
    message: `Cannot use "${given}" as the trust in caches`,
    hint: "Write none, signed or 2-of-n in QIK__CACHE_TRUST",
  });
}

function shareOf(given: string | undefined): number | undefined {
  if (given === undefined || given === "") return undefined;
  const [, percent] = /^(\d{1,3}(?:\.\d+)?)%$/.exec(given) ?? [];
  const share = percent !== undefined
    ? Number(percent) / 100
    : /^0?\.\d+$/.test(given)
    ? Number(given)
    : NaN;
  if (share > 0 && share <= 1) return share;
  throw new QikError({
    code: "usage",
    message: `Cannot use "${given}" as the share of results to audit`,
    hint: "Write it such as 1% or 0.01, with --audit or in QIK__AUDIT",
  });
}

/** As variables of `ctx` are read: yes, true, 1 and no, false, 0. */
function flag(env: Sys["env"], name: string): boolean {
  const text = (env[name] ?? "").toLowerCase();
  if (["1", "true", "yes"].includes(text)) return true;
  if (["", "0", "false", "no"].includes(text)) return false;
  throw new QikError({
    code: "usage",
    message: `Cannot use "${env[name]}" as the value of ${name}`,
    hint: "Write yes or no",
  });
}
