import * as z from "zod/mini";
import type { Kinds } from "./kinds.ts";
import { project, TYPED_TABLES } from "./schema.ts";
import { OWN_CACHES, OWN_VENVS } from "./schema.ts";
import { insideOf } from "./schema_parts.ts";
import type { StandardSchema } from "./standard_schema.ts";

type JsonSchema = Record<string, unknown>;

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
    dep: {
      anyOf: await typed(
        [...kinds.deps.values()].flatMap(({ kind, aliases = [], schema }) =>
          [kind, ...aliases].map((word) => [word, schema] as const)
        ),
      ),
    },
    cache: {
      // Its name says the type of qik's own.
      anyOf: [...await typed(own(OWN_CACHES), false), ...await typed([...kinds.caches])],
    },
    venv: { anyOf: await typed([...own(OWN_VENVS), ...kinds.venvs]) },
    plugin: await pluginTables(kinds.plugins),
  };
  const schema = written(project);
  delete schema["$schema"];
  return { $schema: DRAFT, title: "qik.toml", ...schema, $defs: definitions };
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
): Promise<readonly JsonSchema[]> {
  const tables = kinds.map(async ([word, source]) => {
    const schema = jsonSchemaOf(await source());
    const properties = { type: { const: word }, ...schema["properties"] as JsonSchema | undefined };
    const needed = schema["required"] as readonly string[] | undefined ?? [];
    return { ...schema, properties, required: isTypeNeeded ? ["type", ...needed] : needed };
  });
  return await Promise.all(tables);
}

/** A kind's own part: by zod, by the library's own word (Standard JSON Schema), else any table. */
export function jsonSchemaOf(schema: StandardSchema<unknown>): JsonSchema {
  const standard: StandardSchema<unknown>["~standard"] & StandardJsonSchema = schema["~standard"];
  const own = standard.vendor === "zod"
    ? written(schema as unknown as z.ZodMiniType)
    : standard.jsonSchema?.input?.({ target: "draft-2020-12" });
  const { $schema: _, ...rest } = own ?? { type: "object" };
  return rest;
}

interface StandardJsonSchema {
  readonly jsonSchema?: { input?(options: { readonly target: string }): JsonSchema };
}

/** zod's JSON Schema, with the schemas it cannot look into (see `schema_parts.ts`) written out. */
function written(schema: z.ZodMiniType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const table = TYPED_TABLES.get(zodSchema);
      const inside = insideOf(zodSchema);
      if (table !== undefined) replace(jsonSchema, { $ref: `#/$defs/${table}` });
      else if (inside !== undefined) {
        const all = inside.map((one) => {
          const { $schema: _, ...rest } = written(one);
          return rest;
        });
        replace(jsonSchema, all.length === 1 ? all[0]! : { anyOf: all });
      }
    },
  }) as JsonSchema;
}

function replace(target: object, by: JsonSchema): void {
  for (const key of Object.keys(target)) delete (target as JsonSchema)[key];
  Object.assign(target, by);
}
