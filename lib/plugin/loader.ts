import { messageOf } from "../base/message_of.ts";
import { sha256 } from "../sys/digest.ts";
import { readBytes } from "../space/ports.ts";
import type { Files, Modules } from "../sys/sys.ts";
import type { Plugin, PluginFactory } from "./api.ts";
import { makePlugin } from "./registry.ts";
import { foreignSources } from "./sources.ts";

/** Built-in plugins by the name that `[plugins]` uses; a literal import each. */
export type BuiltIn = Readonly<Record<string, () => Promise<{ default: PluginFactory }>>>;

/** Where the plugins of a project are looked for. */
export interface LoadRequest {
  readonly builtIn: BuiltIn;
  readonly files: Files;
  readonly modules: Modules;
  /** Absolute. */
  readonly root: string;
  /** The project file, relative to the root. */
  readonly file: string;
}

/** The plugins that a project file asks for, by source. */
export interface LoadedPlugins {
  readonly plugins: ReadonlyMap<string, Plugin>;
  /** Of the user's own plugins, why they could not be loaded. */
  readonly broken: ReadonlyMap<string, string>;
  /** Changes with the files of the user's own plugins: what they check may have changed. */
  readonly fingerprint: string;
}

/**
 * Loads the plugins that a project file mentions, built-in ones first.
 *
 * Plugins decide how the file is read, so they must be known before it is. The name of a built-in plugin that
 * merely stands in a comment loads a plugin too many, which costs time and changes nothing: only `[plugins]`
 * gives it a name. The user's own plugins run only where `[plugins]` really names them.
 *
 * A project file that cannot be read mentions nothing: the configuration tells why.
 */
export async function loadPlugins(request: LoadRequest): Promise<LoadedPlugins> {
  const { builtIn, files, root, file } = request;
  const plugins = new Map<string, Plugin>();
  const bytes = readBytes(files, `${root}/${file}`);
  const text = new TextDecoder().decode(bytes);
  for (const name of Object.keys(builtIn).filter((name) => text.includes(name))) {
    plugins.set(name, makePlugin(name, (await builtIn[name]!()).default));
  }
  const broken = new Map<string, string>();
  const prints: string[] = [];
  for (const source of await foreignSources({ files, root, file }, bytes, text)) {
    const print = await loadOwn(request, source, plugins, broken);
    prints.push(`${source} ${print}`);
  }
  return { plugins, broken, fingerprint: prints.join("\n") };
}

/** Loads one of the user's own plugins. @returns The digest of its file. */
async function loadOwn(
  { modules, root }: LoadRequest,
  source: string,
  plugins: Map<string, Plugin>,
  broken: Map<string, string>,
): Promise<string> {
  try {
    const { module, bytes } = await modules.load(source, root);
    const { default: factory } = module as { readonly default?: unknown };
    if (typeof factory !== "function") throw new Error("its default export is no plugin");
    plugins.set(source, makePlugin(source, factory as PluginFactory));
    return bytes === undefined ? "" : sha256(bytes);
  } catch (error) {
    broken.set(source, messageOf(error));
    return "";
  }
}
