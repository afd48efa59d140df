import type { StandardResult, StandardSchema } from "./standard_schema.ts";

/** A schema of a table that tells its keys. */
type Shaped = StandardSchema<unknown> & { readonly shape: object };

/** A schema of two, with what the JSON Schema is made of. */
export interface SplitSchema<T> extends StandardSchema<T> {
  readonly shape: object;
  readonly halves: readonly [StandardSchema<unknown>, StandardSchema<unknown>];
}

/**
 * The schema of a table of which some keys are qik's and all others belong to whoever brings `own`: each part is
 * checked by its own schema, and all that is wrong is told.
 *
 * @param join Makes one value of both, once they are right.
 */
export function splitSchema<T>(
  common: Shaped,
  own: StandardSchema<unknown>,
  join: (common: unknown, own: unknown) => T,
): SplitSchema<T> {
  const names = new Set(Object.keys(common.shape));
  const joined = (
    first: StandardResult<unknown>,
    second: StandardResult<unknown>,
  ): StandardResult<T> => {
    const issues = [...first.issues ?? [], ...second.issues ?? []];
    if (first.issues !== undefined || second.issues !== undefined) return { issues };
    return { value: join(first.value, second.value) };
  };
  return {
    halves: [common, own],
    shape: { ...common.shape, ...("shape" in own ? own.shape as object : {}) },
    "~standard": {
      version: 1,
      vendor: "qik",
      validate(value) {
        const entries = Object.entries(value as Readonly<Record<string, unknown>>);
        const part = (isCommon: boolean) =>
          Object.fromEntries(entries.filter(([name]) => names.has(name) === isCommon));
        const first = common["~standard"].validate(part(true));
        const second = own["~standard"].validate(part(false));
        if (first instanceof Promise || second instanceof Promise) {
          return Promise.all([first, second]).then((both) => joined(...both));
        }
        return joined(first, second);
      },
    },
  };
}
