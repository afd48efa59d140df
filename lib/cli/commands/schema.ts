import { configJsonSchema } from "../../config/json_schema.ts";
import { registryOf } from "../../plugin/registry.ts";
import type { AppParts, Exit } from "../parts.ts";

/**
 * `qik :schema`: a JSON Schema of `qik.toml`, so that editors complete and check it. Reads no configuration,
 * because it is most wanted where that is broken.
 */
export async function run({ sys }: AppParts): Promise<Exit> {
  const none = new Map<string, never>();
  const deps = registryOf([]).depKinds;
  const schema = await configJsonSchema({ deps, caches: none, venvs: none, plugins: none });
  sys.terminal.write("out", new TextEncoder().encode(`${JSON.stringify(schema, null, 2)}\n`));
  return { code: 0 };
}
