import * as z from "zod/mini";

/**
 * The parts that the grammar of `schema.ts` is made of: zod schemas that also know a quick way to say that a
 * value is right. Running zod over 500 commands costs 10 to 15 ms in a fresh process, the quick way 1 to 2; so
 * zod is asked where something is wrong, to say what. Both ways must agree (held by schema_test).
 */

// The schemas check one small file once: compiling them to code first costs more than it saves.
z.config({ jitless: true });

export type Schema<T = unknown> = z.ZodMiniType<T>;

/** The quick ways. A schema without one is run. */
const quick = new WeakMap<object, (value: unknown) => boolean>();

/** Whether a value is right. */
export function fits(schema: Schema, value: unknown): boolean {
  const holds = quick.get(schema);
  return holds === undefined ? z.safeParse(schema, value).success : holds(value);
}

function withQuick<S extends object>(schema: S, holds: (value: unknown) => boolean): S {
  quick.set(schema, holds);
  return schema;
}

/** A string that a rule holds for; the text stands after the value: `Cannot use "x" for a.b: <text>`. */
export function such(holds: (value: string) => boolean, error: string): z.ZodMiniString {
  const schema = z.string().check(z.refine<string>(holds, { error }));
  return withQuick(schema, (value) => typeof value === "string" && holds(value));
}

/** A key that may be missing. */
export function optional<S extends Schema>(schema: S): z.ZodMiniOptional<S> {
  return withQuick(z.optional(schema), (value) => value === undefined || fits(schema, value));
}

/** A list of at least so many items. */
export function list<S extends Schema>(item: S, least = 0): z.ZodMiniArray<S> {
  const schema = least === 0 ? z.array(item) : z.array(item).check(z.minLength(least));
  return withQuick(schema, (value) => {
    if (!Array.isArray(value) || value.length < least) return false;
    return value.every((one) => fits(item, one));
  });
}

/** A table whose keys the user names. */
export function recordOf<K extends z.ZodMiniString, S extends Schema>(
  key: K,
  item: S,
): z.ZodMiniRecord<K, S> {
  return withQuick(z.record(key, item), (value) => {
    if (!isTable(value)) return false;
    for (const one in value) if (!fits(key, one) || !fits(item, value[one])) return false;
    return true;
  });
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A table with these keys and no others. */
export function tableOf<Shape extends Readonly<Record<string, Schema>>>(
  shape: Shape,
): z.ZodMiniObject<Shape, z.core.$strict> {
  const schema = z.strictObject(shape);
  const needed = Object.keys(shape).filter((key) => !fits(shape[key]!, undefined));
  return withQuick(schema, (value) => {
    if (!isTable(value) || !needed.every((key) => key in value)) return false;
    for (const key in value) {
      const of = Object.hasOwn(shape, key) ? shape[key] : undefined;
      if (of === undefined || !fits(of, value[key])) return false;
    }
    return true;
  });
}

/** Alternatives that the type of the value decides between. */
export interface Alternatives {
  readonly string?: Schema;
  readonly array?: Schema;
  readonly object?: Schema;
  readonly boolean?: Schema;
}

const TYPE_WORDS = {
  string: "a string",
  array: "a list",
  object: "a table",
  boolean: "true or false",
};

/** What schemas made here stand for, for the JSON Schema. */
const insides = new WeakMap<object, readonly Schema[]>();

/** The alternatives of a schema made by {@link either} or {@link quickly}. */
export function insideOf(schema: object): readonly Schema[] | undefined {
  return insides.get(schema);
}

type Checked = z.core.ParsePayload<unknown>;

/**
 * One schema per type of the value. Unlike a union it tries only the one that fits, so that what is wrong is
 * said about that one.
 */
export function either<A extends Alternatives>(
  by: A,
): Schema<z.infer<NonNullable<A[keyof A]>>> {
  const of = (value: unknown) =>
    by[(Array.isArray(value) ? "array" : typeof value) as keyof Alternatives];
  const checked = z.unknown().check((payload) => {
    const schema = of(payload.value);
    if (schema !== undefined) return explain(schema, payload);
    const words = (Object.keys(by) as (keyof typeof TYPE_WORDS)[]).map((key) => TYPE_WORDS[key]);
    payload.issues.push({
      code: "invalid_type",
      expected: words.join(" or "),
      input: payload.value,
    });
  });
  insides.set(checked, Object.values(by));
  withQuick(checked, (value) => {
    const schema = of(value);
    return schema !== undefined && fits(schema, value);
  });
  return checked as unknown as Schema<z.infer<NonNullable<A[keyof A]>>>;
}

/** A schema that zod runs only where the quick way finds a value wrong. */
export function quickly<T>(schema: Schema<T>): Schema<T> {
  const checked = z.unknown().check((payload) => {
    if (!fits(schema, payload.value)) explain(schema, payload);
  });
  insides.set(checked, [schema]);
  withQuick(checked, (value) => fits(schema, value));
  return checked as unknown as Schema<T>;
}

function explain(schema: Schema, { value, issues }: Checked): void {
  for (const issue of z.safeParse(schema, value).error?.issues ?? []) issues.push(issue as never);
}
