import { errorCode } from "../sys/sys.ts";
import type { Plugin, PluginFactory } from "./api.ts";
import { makePlugin } from "./registry.ts";

/** Built-in plugins by the name that `[plugins]` uses; a literal import each. */
export type BuiltIn = Readonly<Record<string, () => Promise<{ default: PluginFactory }>>>;

/**
 * Loads the built-in plugins that a project file mentions, in the order of the table.
 *
 * Plugins decide how the file is read, so they must be known before it is parsed. A name that merely stands
 * in a comment loads a plugin too many, which costs time and changes nothing: only `[plugins]` gives it a name.
 *
 * @param read Reads the project file; asked only where there is something to look for. What cannot be read mentions
 *   nothing: the configuration tells why.
 * @throws {QikError} `plugin-unknown` where a plugin cannot be made.
 */
export async function loadBuiltIn(
  builtIn: BuiltIn,
  read: () => Uint8Array | undefined,
): Promise<Map<string, Plugin>> {
  const names = Object.keys(builtIn);
  const loaded = new Map<string, Plugin>();
  if (names.length === 0) return loaded;
  const text = readText(read);
  for (const name of names.filter((name) => text.includes(name))) {
    loaded.set(name, makePlugin(name, (await builtIn[name]!()).default));
  }
  return loaded;
}

function readText(read: () => Uint8Array | undefined): string {
  try {
    return new TextDecoder().decode(read());
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return "";
  }
}
