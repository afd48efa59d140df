/** What micromamba, mamba and conda print as JSON. */
import { withoutAccount } from "./accounts.ts";
import { type LockedPackage, packageOf } from "./lock_file.ts";

/** What a tool said that it would install. */
export interface Told {
  readonly packages: readonly LockedPackage[];
  /** Names of packages about which it did not say where they come from. */
  readonly unknown: readonly string[];
}

/**
 * Reads what `create --dry-run --json` prints. micromamba and mamba tell everything of every package; conda leaves out
 * where those come from that it has already.
 *
 * @returns `undefined` where it is something else.
 */
export function readPlan(text: string): Told | undefined {
  const actions = field(jsonIn(text), "actions");
  if (typeof actions !== "object" || actions === null) return undefined;
  const rows = new Map<string, unknown>();
  for (const row of [...listOf(field(actions, "LINK")), ...listOf(field(actions, "FETCH"))]) {
    const name = textOf(row, "name");
    if (name !== "" && (!rows.has(name) || textOf(row, "url") !== "")) rows.set(name, row);
  }
  const packages = [...rows.values()].flatMap(toldPackage);
  const known = new Set(packages.map(({ name }) => name));
  return { packages, unknown: [...rows.keys()].filter((name) => !known.has(name)) };
}

/** What a tool that failed says in its JSON, else all that it printed. */
export function readFailure(text: string): string {
  const told = jsonIn(text);
  const problems = listOf(field(told, "solver_problems")).map(String);
  const message = textOf(told, "message") || textOf(told, "error");
  return [message, ...problems].filter((part) => part !== "").join("\n") || text.trim();
}

function toldPackage(row: unknown): LockedPackage[] {
  const url = withoutAccount(textOf(row, "url"));
  const sha256 = textOf(row, "sha256");
  const checksum = textOf(row, "md5") || (sha256 === "" ? "" : `sha256:${sha256}`);
  const named = packageOf(`${url}#${checksum}`);
  return named === undefined ? [] : [{ ...named, name: textOf(row, "name") }];
}

/** Some tools print lines before and after. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
  } catch {
    return undefined;
  }
}

function field(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown, key: string): string {
  const found = field(value, key);
  return typeof found === "string" ? found : "";
}
