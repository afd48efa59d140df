import { messageOf } from "../base/message_of.ts";
import { QikError } from "../base/problems.ts";
import { readValue } from "./value_file.ts";
import type { DepType, DepWorld, Fact, LateDep, PlannedDep, StandardSchema } from "./types.ts";

/**
 * Ties a kind's schema and its planning together; its settings' type stays private to the kind.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { CORE_DEP_TYPES } from "./dep_types.ts";
 * const glob = CORE_DEP_TYPES.find(({ kind }) => kind === "glob")!;
 * assert.deepEqual(glob.plan({ pattern: "*.ts" } as never, {} as never).globs, ["*.ts"]);
 * ```
 */
export function depType<Settings>(spec: DepType<Settings>): DepType {
  return spec as DepType;
}

const schemas = () => import("./dep_schemas.ts");

const glob = depType<{ pattern: string }>({
  kind: "glob",
  needed: ["pattern"],
  schema: async () => (await schemas()).globSchema,
  plan: ({ pattern }) => ({ kind: "glob", globs: [pattern] }),
});

const constant = depType<{ val?: string }>({
  kind: "const",
  schema: async () => (await schemas()).constSchema,
  // Without a value where an optional variable has none.
  plan: ({ val }) => ({
    kind: "const",
    facts: [{ label: val === undefined ? "const" : `const ${val}`, read: () => val }],
  }),
});

const env = depType<{ name: string; default?: string | undefined }>({
  kind: "env",
  needed: ["name"],
  schema: async () => (await schemas()).envSchema,
  plan: ({ name, default: fallback }) => ({
    kind: "env",
    facts: [{ label: `env ${name}`, secret: true, read: (world) => world.env(name) ?? fallback }],
  }),
});

interface CommandSettings {
  name: string;
  strict?: boolean | undefined;
  isolated?: boolean | undefined;
  "order-only"?: boolean | undefined;
}

const command = depType<CommandSettings>({
  kind: "command",
  needed: ["name"],
  schema: async () => (await schemas()).commandSchema as StandardSchema<CommandSettings>,
  plan: ({ name, strict = false, isolated, "order-only": orderOnly = false }) => ({
    kind: "command",
    needs: [{ command: name, strict, orderOnly, ...(isolated === undefined ? {} : { isolated }) }],
  }),
});

function pydistFact(name: string): Fact {
  return { label: `pydist ${name}`, read: (world) => world.pydist(name) };
}

const pydist = depType<{ name: string }>({
  kind: "pydist",
  needed: ["name"],
  aliases: ["dist"],
  schema: async () => (await schemas()).pydistSchema,
  plan: ({ name }) => ({ kind: "pydist", facts: [pydistFact(name)] }),
});

const tool = depType<{ name: string; version?: string[] | undefined }>({
  kind: "tool",
  needed: ["name"],
  schema: async () => (await schemas()).toolSchema,
  plan: ({ name, version = [name, "--version"] }) => ({
    kind: "tool",
    facts: [{ label: `tool ${name}`, read: (world) => world.toolVersion(version) }],
  }),
});

const load = depType<{ path: string; default?: string[] | undefined }>({
  kind: "load",
  needed: ["path"],
  schema: async () => (await schemas()).loadSchema,
  plan: ({ path, default: globs }): PlannedDep => ({
    kind: "load",
    // deno-lint-ignore require-await -- other kinds' late parts do wait
    late: async (world) => loaded(world, path, globs),
  }),
});

/** Globs and distributions that another command wrote to `path`. */
function loaded(
  world: DepWorld,
  path: string,
  fallback: readonly string[] | undefined,
): LateDep {
  const bytes = world.file(path);
  if (bytes === undefined && fallback !== undefined) return { globs: fallback, facts: [] };
  const unreadable = (why: string) =>
    new QikError({
      code: "dep-unreadable",
      message: `Cannot use "${path}" as a load dependency: ${why}`,
      hint: bytes === undefined
        ? "Depend on the command that writes it, or give default globs"
        : `Write {"globs": ["…"], "pydists": ["…"]} into it`,
    });
  if (bytes === undefined) throw unreadable("there is no such file");
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw unreadable(messageOf(error));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw unreadable("not a JSON object");
  }
  const list = (key: "globs" | "pydists"): string[] => {
    const items: unknown = (value as Record<string, unknown>)[key] ?? [];
    if (!Array.isArray(items) || !items.every((item) => typeof item === "string")) {
      throw unreadable(`"${key}" is not a list of strings`);
    }
    return items;
  };
  return { globs: list("globs"), facts: list("pydists").map(pydistFact) };
}

const val = depType<{ file: string; key: string }>({
  kind: "val",
  needed: ["file", "key"],
  schema: async () => (await schemas()).valSchema,
  plan: ({ file, key }) => ({
    kind: "val",
    facts: [{
      label: `val ${file} ${key}`,
      read: (world) => valueOf(world, file, key),
    }],
  }),
});

async function valueOf(world: DepWorld, file: string, key: string): Promise<string> {
  const bytes = world.file(file);
  const value = bytes === undefined ? undefined : await readValue(file, bytes, key);
  if (value !== undefined) return value;
  const why = bytes === undefined ? "there is no such file" : `it has no "${key}"`;
  throw new QikError({
    code: "dep-unreadable",
    message: `Cannot read a value from "${file}": ${why}`,
    hint: "Mend the file or key of the val dependency",
  });
}

/** Dependency types of the core, made of the same values as those of plugins. */
export const CORE_DEP_TYPES: readonly DepType[] = [
  glob,
  constant,
  env,
  command,
  pydist,
  tool,
  load,
  val,
];
