import type { RawIssue } from "./issues.ts";
import type { StandardSchema } from "./standard_schema.ts";

/**
 * The parts that tables of settings are described with: the grammar of `schema.ts`, and the settings of the
 * built-in kinds and plugins. Each is a Standard Schema. Whoever reads a configuration anew needs them before the
 * first task starts, and there a schema library costs 10 ms, more than all else of the reading.
 *
 * What is made at once is marked as pure: `mod.ts` passes it on, and a run that reads nothing anew must not load it.
 */

export type JsonSchema = Record<string, unknown>;

/** A description of a value. */
export interface Part<T = unknown> extends StandardSchema<T> {
  /** What is wrong with a value, never nothing; `undefined` where it is right. */
  readonly wrong: (value: unknown) => readonly RawIssue[] | undefined;
  /** Makes what is used of a right value; a part without it leaves the value as it is. */
  readonly read?: ((value: unknown) => T) | undefined;
  /** The part in JSON Schema (draft 2020-12). */
  readonly json: () => JsonSchema;
}

/** What a part describes, as a type. */
export type Of<P> = P extends StandardSchema<infer T> ? T : never;

function part<T>(spec: Pick<Part<T>, "wrong" | "read" | "json">): Part<T> {
  const { wrong, read } = spec;
  const validate = (value: unknown) => {
    const issues = wrong(value);
    if (issues !== undefined) return { issues };
    return { value: read === undefined ? value as T : read(value) };
  };
  return { ...spec, "~standard": { version: 1, vendor: "qik", validate } };
}

/** Of another type; `expected` is a word that `issues.ts` knows, or what to call the type. */
function typeIssue(expected: string): readonly RawIssue[] {
  return [{ code: "invalid_type", expected, message: `expected another type: ${expected}` }];
}

function ofType<T>(type: string, is: (value: unknown) => boolean): Part<T> {
  const issues = typeIssue(type);
  return part({ wrong: (value) => is(value) ? undefined : issues, json: () => ({ type }) });
}

export const text: Part<string> = /* @__PURE__ */ ofType(
  "string",
  (value) => typeof value === "string",
);
export const number: Part<number> = /* @__PURE__ */ ofType(
  "number",
  (value) => typeof value === "number",
);
export const boolean: Part<boolean> = /* @__PURE__ */ ofType(
  "boolean",
  (value) => typeof value === "boolean",
);
/** Whatever there is. */
export const anything: Part<unknown> = /* @__PURE__ */ part({
  wrong: () => undefined,
  json: () => ({}),
});
/** Nothing: a key that a later version brings. */
export const nothing: Part<never> = /* @__PURE__ */ part({
  wrong: () => typeIssue("never"),
  json: () => ({ not: {} }),
});

/**
 * A string that a rule holds for.
 *
 * @param error Stands after the value: `Cannot use "x" for a.b: <error>`.
 * @param json What JSON Schema can say of the rule.
 */
export function such(
  holds: (value: string) => boolean,
  error: string,
  json: JsonSchema = {},
): Part<string> {
  const issues = [{ code: "custom", message: error }];
  return part({
    wrong: (value) => text.wrong(value) ?? (holds(value as string) ? undefined : issues),
    json: () => ({ type: "string", ...json }),
  });
}

/** A string of at least one character. */
export const nonempty: Part<string> = /* @__PURE__ */ such((value) => value !== "", "it is empty", {
  minLength: 1,
});

/** One of these words. */
export function oneOf<const V extends readonly string[]>(...values: V): Part<V[number]> {
  const issues = [{ code: "invalid_value", values, message: "expected another value" }];
  return part({
    wrong: (value) => values.includes(value as string) ? undefined : issues,
    json: () => ({
      type: "string",
      ...(values.length === 1 ? { const: values[0] } : { enum: values }),
    }),
  });
}

/** A whole number within limits. */
export function whole(minimum: number, maximum: number): Part<number> {
  const outside = (code: string, limit: Partial<RawIssue>) => [{
    code,
    origin: "number",
    message: "it is out of its limits",
    ...limit,
  }];
  return part({
    wrong(value) {
      if (typeof value !== "number") return typeIssue("number");
      if (!Number.isInteger(value)) return typeIssue("int");
      if (value < minimum) return outside("too_small", { minimum });
      return value > maximum ? outside("too_big", { maximum }) : undefined;
    },
    json: () => ({ type: "integer", minimum, maximum }),
  });
}

/** A part whose key may be missing. */
export interface OptionalPart<T> extends Part<T | undefined> {
  readonly optional: true;
}

/** A key that may be missing. */
export function optional<T>(inner: Part<T>): OptionalPart<T> {
  const { wrong, read, json } = inner;
  const made = part<T | undefined>({
    wrong: (value) => value === undefined ? undefined : wrong(value),
    read: read && ((value) => value === undefined ? undefined : read(value)),
    json,
  });
  return { ...made, optional: true };
}

function isOptional(part: object): boolean {
  return "optional" in part;
}

/** Adds what is wrong with an item under its key. */
function collect(found: RawIssue[], key: string | number, issues: readonly RawIssue[]): void {
  for (const issue of issues) found.push({ ...issue, path: [key, ...issue.path ?? []] });
}

const orNone = (found: readonly RawIssue[]) => found.length === 0 ? undefined : found;

/** A list of at least so many items. */
export function list<T>(item: Part<T>, least = 0): Part<T[]> {
  const { wrong, read } = item;
  const tooShort = {
    code: "too_small",
    origin: "array",
    minimum: least,
    message: `expected at least ${least} items`,
  };
  return part({
    wrong(value) {
      if (!Array.isArray(value)) return typeIssue("array");
      const found: RawIssue[] = [];
      for (let at = 0; at < value.length; at++) {
        const issues = wrong(value[at]);
        if (issues !== undefined) collect(found, at, issues);
      }
      if (value.length < least) found.push(tooShort);
      return orNone(found);
    },
    read: read && ((value) => (value as unknown[]).map(read)),
    json: () => ({
      type: "array",
      ...(least === 0 ? {} : { minItems: least }),
      items: item.json(),
    }),
  });
}

type Table = Readonly<Record<string, unknown>>;

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A table whose keys the user names. Its items are left as they are. */
export function recordOf<T>(key: Part<string>, item: Part<T>): Part<Record<string, T>> {
  return part({
    wrong(value) {
      if (!isTable(value)) return typeIssue("record");
      const found: RawIssue[] = [];
      for (const name in value) {
        const ofName = key.wrong(name);
        const issues = ofName === undefined
          ? item.wrong(value[name])
          : [{ code: "invalid_key", issues: ofName, message: ofName[0]!.message }];
        if (issues !== undefined) collect(found, name, issues);
      }
      return orNone(found);
    },
    json: () => ({
      type: "object",
      propertyNames: key.json(),
      additionalProperties: item.json(),
    }),
  });
}

export type Shape = Readonly<Record<string, Part>>;

/** The table of a shape, as a type. */
export type TableOf<S extends Shape> =
  & {
    -readonly [K in keyof S as S[K] extends { readonly optional: true } ? never : K]: Of<S[K]>;
  }
  & {
    -readonly [K in keyof S as S[K] extends { readonly optional: true } ? K : never]?: Of<S[K]>;
  };

/** A table that tells its keys. */
export interface TablePart<T> extends Part<T> {
  readonly shape: Shape;
}

/** A table with these keys and no others; its keys are read in this order. */
export function tableOf<const S extends Shape>(shape: S): TablePart<TableOf<S>> {
  const entries = Object.entries(shape);
  const made = part<TableOf<S>>({
    wrong(value) {
      if (!isTable(value)) return typeIssue("object");
      const found: RawIssue[] = [];
      const unknown: string[] = [];
      for (const key in value) if (!Object.hasOwn(shape, key)) unknown.push(key);
      for (const [key, of] of entries) {
        const item = value[key];
        const issues = item === undefined && isOptional(of) ? undefined : of.wrong(item);
        if (issues !== undefined) collect(found, key, issues);
      }
      if (unknown.length > 0) {
        found.push({ code: "unrecognized_keys", keys: unknown, message: "unknown keys" });
      }
      return orNone(found);
    },
    read(value) {
      const table: Record<string, unknown> = {};
      for (const [key, { read }] of entries) {
        const item = (value as Table)[key];
        if (item !== undefined) table[key] = read === undefined ? item : read(item);
      }
      return table as TableOf<S>;
    },
    json() {
      const needed = entries.flatMap(([key, of]) => isOptional(of) ? [] : [key]);
      return {
        type: "object",
        properties: Object.fromEntries(entries.map(([key, of]) => [key, of.json()])),
        ...(needed.length === 0 ? {} : { required: needed }),
        additionalProperties: false,
      };
    },
  });
  return { ...made, shape };
}

/** A table that a rule holds for as a whole, asked once all in it has the right type. */
export function where<T>(
  table: TablePart<T>,
  holds: (table: T) => boolean,
  error: string,
): TablePart<T> {
  const issue = { code: "custom", message: error };
  const made = part<T>({
    wrong(value) {
      const found = table.wrong(value) ?? [];
      if (found.some(({ code }) => code!.startsWith("invalid_"))) return found;
      return holds(value as T) ? orNone(found) : [...found, issue];
    },
    read: table.read,
    json: table.json,
  });
  return { ...made, shape: table.shape };
}

const TYPE_WORDS = {
  string: "a string",
  number: "a number",
  array: "a list",
  object: "a table",
  boolean: "true or false",
};

/** Alternatives that the type of the value decides between. */
export type Alternatives = { readonly [K in keyof typeof TYPE_WORDS]?: Part };

/**
 * One part per type of the value, which is left as it is. What is wrong is said about the one that fits the type.
 */
export function either<A extends Alternatives>(by: A): Part<Of<NonNullable<A[keyof A]>>> {
  const words = (Object.keys(by) as (keyof Alternatives)[]).map((key) => TYPE_WORDS[key]);
  const none = typeIssue(words.join(" or "));
  return part({
    wrong(value) {
      const of = by[(Array.isArray(value) ? "array" : typeof value) as keyof Alternatives];
      return of === undefined ? none : of.wrong(value);
    },
    json: () => ({ anyOf: Object.values(by).map(({ json }) => json()) }),
  });
}

/** A part whose right values are used as something else. */
export function converted<T, U>({ wrong, json }: Part<T>, read: (value: T) => U): Part<U> {
  return part({ wrong, json, read: (value) => read(value as T) });
}

/** A part that JSON Schema defines elsewhere under a name. */
export function defined<T>(name: string, { wrong, read }: Part<T>): Part<T> {
  return part({ wrong, read, json: () => ({ $ref: `#/$defs/${name}` }) });
}
