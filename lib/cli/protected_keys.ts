import { showFile } from "../git/show_file.ts";
import { ctxValues } from "../config/ctx.ts";
import { parseTomlText } from "../config/toml.ts";
import type { CtxVariable } from "../config/types.ts";
import type { CiRun } from "../cache/remote/ci.ts";
import { QikError } from "../base/problems.ts";
import type { Sys } from "../sys/sys.ts";
import { fillerOf } from "./filler.ts";
import type { Project } from "./project.ts";

type Table = Readonly<Record<string, unknown>>;

/**
 * `accept-keys` of a cache as they stand on the branch that a pull request is to be merged into, with the variables
 * that this branch declares: the pull request may change its own `qik.toml`, but not whose entries it is shown.
 *
 * @returns `undefined` where that branch has the cache and names none, `unknown` where it cannot be read, `absent` where
 * it has no such cache: then the pull request has made it up.
 */
export async function protectedKeys(
  sys: Sys,
  { paths: { root }, plan: { config } }: Project,
  { base }: CiRun,
  name: string,
): Promise<readonly string[] | undefined | "unknown" | "absent"> {
  const ref = `refs/remotes/origin/${base ?? "HEAD"}`;
  const bytes = await showFile(sys, root, ref, config.file);
  if (bytes === undefined || bytes === "unknown") return "unknown";
  const settings = await settingsIn(new TextDecoder().decode(bytes), config.file);
  if (settings === undefined) return "unknown";
  const cache = tableAt(settings, "caches", name);
  if (cache === undefined) return "absent";
  const keys = cache["accept-keys"];
  if (keys === undefined) return undefined;
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === "string")) return "unknown";
  const variables = variablesOf(settings["ctx"]);
  const filler = fillerOf(ctxValues({ variables, env: sys.env, runtime: new Map() }));
  const [space] = config.spaces;
  try {
    return keys.map((key) => filler.fillSpace(key, space!)).filter((key) => key !== undefined);
  } catch (error) {
    // A variable that has no value, or that this branch does not declare.
    if (error instanceof QikError) return "unknown";
    throw error;
  }
}

/** What a file says to qik; `undefined` where it is nothing that qik can read. */
async function settingsIn(text: string, file: string): Promise<Table | undefined> {
  try {
    const whole = await parseTomlText(text);
    return tableAt(whole, ...(file.endsWith("pyproject.toml") ? ["tool", "qik"] : []));
  } catch {
    return undefined;
  }
}

function tableAt(value: unknown, ...path: readonly string[]): Table | undefined {
  let at = value;
  for (const part of path) at = isTable(at) && Object.hasOwn(at, part) ? at[part] : undefined;
  return isTable(at) ? at : undefined;
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The variables of a configuration that nobody has checked; what cannot be one is left out. */
function variablesOf(ctx: unknown): readonly CtxVariable[] {
  return (Array.isArray(ctx) ? ctx : []).flatMap((one): readonly CtxVariable[] => {
    if (typeof one === "string") return [{ name: one, type: "str", required: true }];
    if (!isTable(one)) return [];
    const { name, required = true, default: given } = one;
    if (typeof name !== "string") return [];
    const plain = typeof given === "string" ? { default: given } : {};
    return [{ name, type: "str", required: required !== false, ...plain }];
  });
}
