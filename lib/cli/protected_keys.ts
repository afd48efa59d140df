import { showFile } from "../git/show_file.ts";
import { parseTomlText } from "../config/toml.ts";
import type { CiRun } from "../cache/remote/ci.ts";
import type { Sys } from "../sys/sys.ts";
import type { Project } from "./project.ts";

/**
 * `accept-keys` of a cache as they stand on the branch that a pull request is to be merged into: the pull
 * request may change its own `qik.toml`, but not whose entries it is shown.
 *
 * @returns `undefined` where that branch names none, `unknown` where it cannot be read.
 */
export async function protectedKeys(
  sys: Sys,
  { paths: { root }, plan: { config }, filler }: Project,
  { base }: CiRun,
  name: string,
): Promise<readonly string[] | undefined | "unknown"> {
  const ref = `refs/remotes/origin/${base ?? "HEAD"}`;
  const bytes = await showFile(sys, root, ref, config.file);
  if (bytes === undefined || bytes === "unknown") return "unknown";
  const keys = await keysIn(new TextDecoder().decode(bytes), config.file, name);
  if (!Array.isArray(keys)) return keys === undefined ? undefined : "unknown";
  const [space] = config.spaces;
  const filled = keys.map((key) =>
    typeof key === "string" ? filler.fillSpace(key, space!) : "unknown"
  );
  return filled.filter((key) => key !== undefined);
}

async function keysIn(text: string, file: string, name: string): Promise<unknown> {
  try {
    let table = await parseTomlText(text);
    const inside = file.endsWith("pyproject.toml") ? ["tool", "qik"] : [];
    for (const part of [...inside, "caches", name, "accept-keys"]) {
      const isTable = typeof table === "object" && table !== null;
      table = isTable ? (table as Readonly<Record<string, unknown>>)[part] : undefined;
    }
    return table;
  } catch {
    return "unreadable";
  }
}
