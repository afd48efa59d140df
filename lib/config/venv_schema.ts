import type { SchemaSource } from "./kinds.ts";
import { splitSchema } from "./split_schema.ts";

/**
 * The schema of a venv that a plugin builds, and of the plugin's own table, which says the same for all spaces: the
 * keys that every such venv takes are checked here, all others by the type's own schema.
 *
 * @param own Of the keys that only this type has; unset: there are none.
 */
export function venvSchemaSource(own?: SchemaSource): SchemaSource {
  return async () => {
    const { builtVenv, noSettings } = await import("./schema.ts");
    const further = own === undefined ? noSettings : await own();
    const both = (common: unknown, rest: unknown) => ({ ...common as object, ...rest as object });
    return await splitSchema(builtVenv, further, both);
  };
}
