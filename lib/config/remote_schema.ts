import type { SchemaSource } from "./kinds.ts";
import type { StandardResult, StandardSchema } from "./standard_schema.ts";

/** Validated settings of a remote cache: those of every remote, and those of its own type. */
export interface SplitSettings<Own> {
  readonly common: unknown;
  readonly own: Own;
}

/**
 * The schema of a remote cache's table: the keys that every remote takes are checked here, all others by the
 * type's own schema.
 */
export async function withRemoteSettings(
  own: StandardSchema<unknown>,
): Promise<StandardSchema<SplitSettings<unknown>>> {
  const { remoteCache } = await import("./schema.ts");
  const names = new Set(Object.keys(remoteCache.shape));
  const { jsonSchemaOf } = await import("./json_schema.ts");
  return {
    "~standard": {
      version: 1,
      vendor: "qik",
      validate(value) {
        const entries = Object.entries(value as Readonly<Record<string, unknown>>);
        const part = (isCommon: boolean) =>
          Object.fromEntries(entries.filter(([name]) => names.has(name) === isCommon));
        const common = remoteCache["~standard"].validate(part(true));
        const rest = own["~standard"].validate(part(false));
        if (common instanceof Promise || rest instanceof Promise) {
          return Promise.all([common, rest]).then(([first, second]) => joined(first, second));
        }
        return joined(common, rest);
      },
      jsonSchema: {
        input() {
          const [common, rest] = [jsonSchemaOf(remoteCache), jsonSchemaOf(own)];
          const properties = { ...common.properties as object, ...rest.properties as object };
          return { ...rest, properties };
        },
      },
    } as StandardSchema<SplitSettings<unknown>>["~standard"],
  };
}

/** {@link withRemoteSettings} for a schema that is yet to be loaded. */
export function remoteSchemaSource(own: SchemaSource): SchemaSource {
  return async () => await withRemoteSettings(await own());
}

function joined(
  common: StandardResult<unknown>,
  own: StandardResult<unknown>,
): StandardResult<SplitSettings<unknown>> {
  const issues = [...common.issues ?? [], ...own.issues ?? []];
  if (common.issues !== undefined || own.issues !== undefined) return { issues };
  return { value: { common: common.value, own: own.value } };
}
