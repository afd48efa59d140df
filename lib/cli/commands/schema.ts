import { configJsonSchema } from "../../config/json_schema.ts";
import { makePlugin, registryOf } from "../../plugin/registry.ts";
import type { AppParts, Exit } from "../parts.ts";

/**
 * `qik :schema`: a JSON Schema of `qik.toml` with the parts of all built-in plugins, so that editors complete and
 * check it. Reads no configuration, because it is most wanted where that is broken.
 */
export async function run({ sys, builtIn }: AppParts): Promise<Exit> {
  const loads = Object.entries(builtIn).map(async ([source, load]) =>
    [source, makePlugin(source, (await load()).default)] as const
  );
  const plugins = new Map(await Promise.all(loads));
  const { depKinds, cacheKinds, venvKinds } = registryOf([...plugins.values()]);
  const kinds = { deps: depKinds, caches: cacheKinds, venvs: venvKinds, plugins };
  const schema = await configJsonSchema(kinds);
  sys.terminal.write("out", new TextEncoder().encode(`${JSON.stringify(schema, null, 2)}\n`));
  return { code: 0 };
}
