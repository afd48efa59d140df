import { messageOf } from "../base/message_of.ts";
import { QikError } from "../base/problems.ts";

/** Files above this size are not read for one value in them. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * One value inside a TOML, JSON or YAML file, as text that is equal exactly when the value is.
 *
 * @param path Names the format by its ending, and the file in errors.
 * @param key Dotted path; a part may be quoted (`a."b.c".0`), whole numbers index lists.
 * @returns Canonical JSON (keys in code-unit order); `undefined` where nothing stands at the key.
 * @throws {QikError} `dep-unreadable` where the file cannot be parsed.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readValue } from "./value_file.ts";
 * const bytes = new TextEncoder().encode('{"a": [{"b": 1}]}');
 * assert.equal(await readValue("x.json", bytes, "a.0.b"), "1");
 * ```
 */
export async function readValue(
  path: string,
  bytes: Uint8Array,
  key: string,
): Promise<string | undefined> {
  if (bytes.length > MAX_BYTES) throw unreadable(path, "it is larger than 64 MiB");
  try {
    let value = await parsed(path, bytes);
    for (const part of keyParts(key)) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) {
        return undefined;
      }
      value = (value as Record<string, unknown>)[part];
    }
    // Also nesting that is too deep for the runtime's stack ends here.
    return canonical(value);
  } catch (error) {
    const [first = ""] = messageOf(error).split("\n");
    throw unreadable(path, first);
  }
}

async function parsed(path: string, bytes: Uint8Array): Promise<unknown> {
  const ending = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  if (ending === "toml") return await (await import("../config/toml.ts")).parseTomlText(text);
  if (ending === "json") return JSON.parse(text);
  if (ending === "yaml" || ending === "yml") return (await import("yaml")).parse(text);
  throw new Error(`"${ending}" is not a known ending`);
}

function unreadable(path: string, why: string): QikError {
  return new QikError({
    code: "dep-unreadable",
    message: `Cannot read a value from "${path}": ${why}`,
    hint: "The file must be TOML, JSON or YAML, named by its ending",
  });
}

/** Splits a dotted key; parts in double quotes may hold dots. */
function keyParts(key: string): string[] {
  return [...key.matchAll(/"([^"]*)"|([^.]+)/g)].map((match) => match[1] ?? match[2]!);
}

/** JSON with keys in code-unit order; dates as their ISO text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === "bigint") return `${item}`;
    if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
    if (item instanceof Date) return item.toISOString();
    const entries = Object.entries(item);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  }) ?? "null";
}
