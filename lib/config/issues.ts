import { badValue, type Flaw, found, hinted, listed, type Suggest } from "./flaws.ts";
import { formatPath, type TomlPath } from "./paths.ts";
import type { StandardIssue } from "./standard_schema.ts";

/**
 * What a schema library says is wrong. All of it beyond a Standard Schema issue is optional: zod gives it, and
 * others may, to get better messages.
 */
export interface RawIssue extends StandardIssue {
  readonly code?: string;
  /** With `invalid_type`: the type as zod names it, or words such as "a string or a list". */
  readonly expected?: string;
  /** With `invalid_value`: what is allowed. */
  readonly values?: readonly unknown[];
  /** With `unrecognized_keys`. */
  readonly keys?: readonly string[];
  /** With `too_small` and `too_big`. */
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly origin?: string;
  /** With `invalid_union`: the issues of each alternative. */
  readonly errors?: readonly (readonly RawIssue[])[];
  /** With `invalid_key`: what is wrong with the key. */
  readonly issues?: readonly RawIssue[];
}

/** What the words of a flaw are made from. */
export interface IssueContext {
  /** The value that was checked, to say what was found. */
  readonly value: unknown;
  readonly suggest: Suggest;
  /** Where the value stands in its file. */
  readonly prefix?: TomlPath;
  /** The keys allowed in the table at this path inside the value; `[]` where nobody knows. */
  readonly keys?: (path: TomlPath) => readonly string[];
}

/** Turns issues into flaws: one per unknown key, one per wrong value. */
export function flawsOf(issues: readonly RawIssue[], context: IssueContext): Flaw[] {
  return issues.flatMap((issue) => flawOf(issue, inner(issue), context));
}

/** The path of an issue inside the checked value. */
function inner({ path = [] }: RawIssue): TomlPath {
  return path.map((part) => {
    const key = typeof part === "object" ? part.key : part;
    return typeof key === "number" ? key : String(key);
  });
}

function flawOf(issue: RawIssue, at: TomlPath, context: IssueContext): Flaw[] {
  const path = [...context.prefix ?? [], ...at];
  const value = valueAt(context.value, at);
  switch (issue.code) {
    case "unrecognized_keys":
      return (issue.keys ?? []).map((key) => unknownKey(at, key, context));
    case "invalid_type":
    case "invalid_union":
      return [typeFlaw(issue, path, value)];
    case "invalid_value":
      return [valueFlaw(issue, path, value, context)];
    case "invalid_key":
      return [badValue(path, at.at(-1), issue.issues?.[0]?.message ?? "the key is not allowed")];
    default:
      return [badValue(path, value, limit(issue) ?? issue.message)];
  }
}

/** The value under a path, which may lead nowhere. */
function valueAt(value: unknown, path: TomlPath): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}

function unknownKey(at: TomlPath, key: string, { keys, prefix = [], suggest }: IssueContext): Flaw {
  const known = keys?.(at) ?? [];
  const table = [...prefix, ...at];
  const where = table.length === 0 ? "the file" : formatPath(table);
  const message = `Cannot read ${where}: unknown key "${key}"`;
  const hint = suggest(key, known) ??
    (known.length === 0 ? undefined : `Known keys: ${known.join(", ")}`);
  return { code: "config-unknown-key", message, path: [...table, key], ...hinted(hint) };
}

const ARTICLES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a table",
  record: "a table",
};

function typeFlaw(issue: RawIssue, path: TomlPath, value: unknown): Flaw {
  if (issue.expected === "never") {
    return badValue(path, value, "it is not available yet", "Remove the key");
  }
  if (value === undefined) {
    const message = `Cannot read ${formatPath(path.slice(0, -1))}: the key "${
      path.at(-1)
    }" is missing`;
    return { code: "config-bad-value", message, hint: `Add the key "${path.at(-1)}"`, path };
  }
  const wanted = new Set(
    (issue.errors?.flat() ?? [issue]).map(({ expected = "" }) => ARTICLES[expected] ?? expected),
  );
  const expected = [...wanted].filter((word) => word !== "").join(" or ") || "another type";
  const message = `Cannot read ${formatPath(path)}: expected ${expected}, found ${found(value)}`;
  return { code: "config-wrong-type", message, path, ...hinted(asMeant(expected, value)) };
}

/** The value as it was most likely meant, where nothing but brackets or quotes are wrong. */
function asMeant(expected: string, value: unknown): string | undefined {
  if (expected === "a string" && (typeof value === "boolean" || typeof value === "number")) {
    return "Write it as a string, in quotes";
  }
  if (typeof value !== "string") return undefined;
  if (expected === "true or false" && /^(?:true|false)$/.test(value)) return `Write ${value}`;
  if (expected.endsWith(" number") && /^(?:0|[1-9]\d{0,8})$/.test(value)) return `Write ${value}`;
  // What has spaces may be meant as several items.
  if (expected === "a list" && /^\S{1,60}$/.test(value)) return `Write [${JSON.stringify(value)}]`;
  return expected === "a list" ? "Write it as a list, in brackets" : undefined;
}

function valueFlaw(issue: RawIssue, path: TomlPath, value: unknown, context: IssueContext): Flaw {
  const values = (issue.values ?? []).map(String);
  if (typeof value !== "string") {
    return typeFlaw({ ...issue, expected: listed(values) }, path, value);
  }
  return badValue(path, value, `expected ${listed(values)}`, context.suggest(value, values));
}

/** The words for a length or a number that is out of its limits. */
function limit({ code, minimum, maximum, origin }: RawIssue): string | undefined {
  const least = code === "too_small";
  if (!least && code !== "too_big") return undefined;
  const edge = least ? minimum : maximum;
  if (origin === "string" || origin === "array") {
    if (least && Number(edge) === 1) return "it is empty";
    const unit = origin === "string" ? "characters" : "items";
    return `expected at ${least ? "least" : "most"} ${edge} ${unit}`;
  }
  return `expected ${least ? "at least" : "at most"} ${edge}`;
}
