import type { SchemaSource } from "./kinds.ts";
import { splitSchema } from "./split_schema.ts";
import type { StandardSchema } from "./standard_schema.ts";

/** Validated settings of a remote cache: those of every remote, and those of its own type. */
export interface SplitSettings<Own> {
  readonly common: unknown;
  readonly own: Own;
}

/**
 * The schema of a remote cache's table: the keys that every remote takes are checked here, all others by the
 * type's own schema.
 */
async function withRemoteSettings(
  own: StandardSchema<unknown>,
): Promise<StandardSchema<SplitSettings<unknown>>> {
  const { remoteCache } = await import("./schema.ts");
  return await splitSchema(remoteCache, own, (common, own) => ({ common, own }));
}

/** {@link withRemoteSettings} for a schema that is yet to be loaded. */
export function remoteSchemaSource(own: SchemaSource): SchemaSource {
  return async () => await withRemoteSettings(await own());
}
