import type { SchemaSource } from "./kinds.ts";
import { splitSchema } from "./split_schema.ts";

/** What a plugin's type says of its settings. */
interface VenvKeys {
  /** Of the keys that only this type has; unset: there are none. */
  readonly schema?: SchemaSource;
  /** Its indexes may be named by a word. */
  readonly channels?: boolean;
}

/**
 * The schema of a venv that a plugin builds, and of the plugin's own table, which says the same for all spaces: the
 * keys that every such venv takes are checked here, all others by the type's own schema.
 */
export function venvSchemaSource({ schema: own, channels = false }: VenvKeys): SchemaSource {
  return async () => {
    const { builtVenv, channelVenv, noSettings } = await import("./schema.ts");
    const further = own === undefined ? noSettings : await own();
    const both = (common: unknown, rest: unknown) => ({ ...common as object, ...rest as object });
    return await splitSchema(channels ? channelVenv : builtVenv, further, both);
  };
}
