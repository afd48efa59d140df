import { encodeName } from "../base/bytes.ts";
import { byCodeUnit } from "../base/order.ts";
import { VERSION } from "../base/version.ts";
import type { Config } from "../config/types.ts";
import { sha256Soon } from "../sys/digest.ts";
import type { Machine } from "../sys/sys.ts";

/** Where the proofs of a repository lie. */
export function proofsIn(root: string): string {
  return `${root}/._qik/state/proofs`;
}

/** A name for what was asked, by whom and from where; other questions have other names. */
export async function proofName(
  { args, cwd, arch, uid, runtime }: Pick<Machine, "args" | "cwd" | "arch" | "uid" | "runtime">,
): Promise<string> {
  const question = JSON.stringify([VERSION, runtime, arch, uid, cwd, args]);
  return (await sha256Soon(encodeName(question))).slice(0, 32);
}

/** Options that a recalled run honours. What depends on git, on the caches or on time is none of them. */
const RECALLED: ReadonlySet<string> = new Set([
  ..."-C -m -n -s -t -v -x --cache --directory --exclude --fail-fast --isolated --module".split(
    " ",
  ),
  ..."--no-emoji --raw --space --tag --verbosity --workers".split(" "),
]);

/**
 * Whether a command line is one of which the next run can be told from a proof: names, and options known to allow it.
 * An option that somebody adds is none of them until it is named here.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { isRecallable } from "./proofs.ts";
 * assert.equal(isRecallable(["lint", "-n2", "--module=api", "--", "--fix"]), true);
 * assert.equal(isRecallable(["--cache-status", "cold"]), false);
 * assert.equal(isRecallable([":cache", "ls"]), false);
 * ```
 */
export function isRecallable(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const own = end === -1 ? args : args.slice(0, end);
  return own.every((word) => {
    if (!word.startsWith("-")) return !word.startsWith(":");
    return RECALLED.has(word.startsWith("--") ? word.split("=")[0]! : word.slice(0, 2));
  });
}

/** Set by shells to something else in almost every call, and read by nobody. */
const RESTLESS = ["_", "OLDPWD", "SHLVL"];

/**
 * Variables that may be anything, because nothing in a configuration asks for them. Dotenv files can ask for any by
 * names that do not stand in the configuration.
 */
export function ignoredVariables(config: Config): readonly string[] {
  const text = JSON.stringify(config).toUpperCase();
  const hasDotenv = config.defaults.dotenv.length > 0 ||
    config.spaces.some(({ dotenv }) => dotenv !== undefined && dotenv.length > 0);
  return hasDotenv || RESTLESS.some((name) => text.includes(`"${name}"`)) ? [] : RESTLESS;
}

/**
 * Digest of an environment behind random bytes, so that no value can be found by comparing digests.
 *
 * @param without Names of variables that do not count.
 */
export function envDigest(
  salt: string,
  env: Readonly<Record<string, string>>,
  without: readonly string[],
): Promise<string> {
  const counted = Object.entries(env).filter(([name]) => !without.includes(name));
  const sorted = counted.sort(([a], [b]) => byCodeUnit(a, b));
  return sha256Soon(encodeName(JSON.stringify([salt, sorted])));
}
