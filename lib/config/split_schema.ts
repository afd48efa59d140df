import type { StandardResult, StandardSchema } from "./standard_schema.ts";

/** A schema of a table that tells its keys. */
type Shaped = StandardSchema<unknown> & { readonly shape: object };

/**
 * The schema of a table of which some keys are qik's and all others belong to whoever brings `own`: each part is
 * checked by its own schema, and all that is wrong is told.
 *
 * @param join Makes one value of both, once they are right.
 */
export async function splitSchema<T>(
  common: Shaped,
  own: StandardSchema<unknown>,
  join: (common: unknown, own: unknown) => T,
): Promise<StandardSchema<T> & { readonly shape: object }> {
  const names = new Set(Object.keys(common.shape));
  const { jsonSchemaOf } = await import("./json_schema.ts");
  const joined = (
    first: StandardResult<unknown>,
    second: StandardResult<unknown>,
  ): StandardResult<T> => {
    const issues = [...first.issues ?? [], ...second.issues ?? []];
    if (first.issues !== undefined || second.issues !== undefined) return { issues };
    return { value: join(first.value, second.value) };
  };
  return {
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
      jsonSchema: {
        input() {
          const [first, second] = [jsonSchemaOf(common), jsonSchemaOf(own)];
          const properties = { ...first.properties as object, ...second.properties as object };
          return { ...second, properties };
        },
      },
    } as StandardSchema<T>["~standard"],
  };
}
