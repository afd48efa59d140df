import * as z from "zod/mini";
import type { Kinds } from "./kinds.ts";
import { OWN_CACHES, OWN_VENVS, project } from "./schema.ts";
import type { JsonSchema, Part } from "./schema_parts.ts";
import type { SplitSchema } from "./split_schema.ts";
import type { StandardSchema } from "./standard_schema.ts";

const DRAFT = "https://json-schema.org/draft/2020-12/schema";

/**
 * A JSON Schema (draft 2020-12) of the whole of `qik.toml`, for editors, with the tables that the given kinds
 * bring. A kind whose schema library cannot write JSON Schema takes any keys.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { configJsonSchema } from "./json_schema.ts";
 * const none = { deps: new Map(), caches: new Map(), venvs: new Map(), plugins: new Map() };
 * const schema = await configJsonSchema(none);
 * assert.ok("commands" in (schema["properties"] as object));
 * ```
 */
export async function configJsonSchema(kinds: Kinds): Promise<JsonSchema> {
  const definitions: JsonSchema = {
    dep: await typed(
      [...kinds.deps.values()].flatMap(({ kind, aliases = [], schema }) =>
        [kind, ...aliases].map((word) => [word, schema] as const)
      ),
    ),
    cache: await typed([...own(OWN_CACHES), ...kinds.caches], false),
    venv: await typed([...own(OWN_VENVS), ...kinds.venvs]),
    plugin: await pluginTables(kinds.plugins),
  };
  return { $schema: DRAFT, title: "qik.toml", ...project.json(), $defs: definitions };
}

/** Tables told apart by their source, under the old word for it, too. Any other source takes any keys. */
async function pluginTables(plugins: Kinds["plugins"]): Promise<JsonSchema> {
  const known = [...plugins].map(async ([source, { settings }]) => {
    const schema = settings === undefined ? { type: "object" } : jsonSchemaOf(await settings());
    const table = (word: string) => ({
      ...schema,
      properties: { [word]: { const: source }, ...schema["properties"] as JsonSchema | undefined },
      required: [word, ...schema["required"] as readonly string[] | undefined ?? []],
    });
    return [table("plugin"), table("pyimport")];
  });
  const sources = [...plugins.keys()];
  const other = (word: string) => ({
    type: "object",
    properties: { [word]: { type: "string", not: { enum: sources } } },
    required: [word],
  });
  return { anyOf: [...(await Promise.all(known)).flat(), other("plugin"), other("pyimport")] };
}

function own(schemas: ReadonlyMap<string, StandardSchema<unknown>>) {
  return [...schemas].map(([name, schema]) => [name, () => Promise.resolve(schema)] as const);
}

/** Tables told apart by their `type`. */
async function typed(
  kinds: readonly (readonly [string, () => Promise<StandardSchema<unknown>>])[],
  isTypeNeeded = true,
): Promise<JsonSchema> {
  const tables = kinds.map(async ([word, source]) => {
    const schema = jsonSchemaOf(await source());
    const properties = { type: { const: word }, ...schema["properties"] as JsonSchema | undefined };
    const needed = schema["required"] as readonly string[] | undefined ?? [];
    return { ...schema, properties, required: isTypeNeeded ? ["type", ...needed] : needed };
  });
  return { anyOf: await Promise.all(tables) };
}

/** A kind's own part: by qik's parts, by zod, by the library's own word (Standard JSON Schema), else any table. */
function jsonSchemaOf(schema: StandardSchema<unknown>): JsonSchema {
  const standard: StandardSchema<unknown>["~standard"] & StandardJsonSchema = schema["~standard"];
  if (standard.vendor === "qik" && "json" in schema) return (schema as Part).json();
  if (standard.vendor === "qik" && "halves" in schema) {
    return joined(schema as SplitSchema<unknown>);
  }
  const own = standard.vendor === "zod"
    ? z.toJSONSchema(schema as unknown as z.ZodMiniType, { io: "input", unrepresentable: "any" })
    : standard.jsonSchema?.input?.({ target: "draft-2020-12" });
  const { $schema: _, ...rest } = own ?? { type: "object" };
  return rest;
}

interface StandardJsonSchema {
  readonly jsonSchema?: { input?(options: { readonly target: string }): JsonSchema };
}

function joined({ halves }: SplitSchema<unknown>): JsonSchema {
  const [first, second] = halves.map(jsonSchemaOf) as [JsonSchema, JsonSchema];
  const properties = { ...first["properties"] as object, ...second["properties"] as object };
  return { ...second, properties };
}
