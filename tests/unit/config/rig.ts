import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import * as z from "zod/mini";
import type { Problem } from "../../../lib/base/problems.ts";
import type { DepKind, PluginKinds, SchemaSource } from "../../../lib/config/kinds.ts";
import { type ConfigRequest, loadConfig, type LoadedConfig } from "../../../lib/config/load.ts";
import type { StandardSchema } from "../../../lib/config/standard_schema.ts";
import { openFiles } from "../../../lib/sys/files.ts";

/** A directory for one test, removed at its end. */
export class Folder {
  readonly path = mkdtempSync(`${tmpdir()}/qik-config-`);
  readonly files = openFiles(1);

  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    for (const [name, content] of Object.entries(files)) this.write(name, content);
  }

  write(name: string, content: string | Uint8Array): void {
    mkdirSync(dirname(`${this.path}/${name}`), { recursive: true });
    if (name.endsWith("/")) mkdirSync(`${this.path}/${name}`, { recursive: true });
    else writeFileSync(`${this.path}/${name}`, content);
  }

  load(changes: Partial<ConfigRequest> = {}): Promise<LoadedConfig> {
    return loadConfig({
      files: this.files,
      root: this.path,
      file: "qik.toml",
      version: "1",
      useMemo: false,
      ...KINDS,
      ...changes,
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Loads one file; the problems as `line:column code message | hint`. */
export async function problemsOf(
  toml: string | Uint8Array,
  others: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  using folder = new Folder({ "qik.toml": toml, ...others });
  return (await folder.load()).problems.map(told);
}

export function told({ code, message, hint, place }: Problem): string {
  const at = place?.line === undefined ? "-" : `${place.line}:${place.column}`;
  return `${at} ${code} ${message}${hint === undefined ? "" : ` | ${hint}`}`;
}

/** Kinds as the core and plugins bring them, made for tests so that these depend on no other room. */
export function kind(name: string, schema: unknown, aliases: readonly string[] = []): DepKind {
  const source = () => Promise.resolve(schema as StandardSchema<unknown>);
  return { kind: name, aliases, schema: source };
}

const name = z.strictObject({ name: z.string() });
const source = (schema: unknown): SchemaSource => () =>
  Promise.resolve(schema as StandardSchema<unknown>);

const DEPS: readonly DepKind[] = [
  kind("glob", z.strictObject({ pattern: z.string() })),
  kind("const", z.strictObject({ val: z.string() })),
  kind("env", z.strictObject({ name: z.string(), default: z.optional(z.string()) })),
  kind(
    "command",
    z.strictObject({
      name: z.string().check(z.minLength(1)),
      strict: z.optional(z.boolean()),
      isolated: z.optional(z.boolean()),
      "order-only": z.optional(z.boolean()),
    }),
  ),
  kind("pydist", name, ["dist"]),
  kind("tool", z.strictObject({ name: z.string(), version: z.array(z.string()) })),
  kind("load", z.strictObject({ path: z.string(), default: z.optional(z.array(z.string())) })),
  kind("val", z.strictObject({ file: z.string(), key: z.string() })),
  kind(
    "pygraph",
    z.union([z.strictObject({ pyimport: z.string() }), name]),
    ["module"],
  ),
];

export const KINDS = {
  kinds: new Map(DEPS.map((dep) => [dep.kind, dep])) as ReadonlyMap<string, DepKind>,
  cacheKinds: new Map([[
    "s3",
    source(z.strictObject({ bucket: z.string(), prefix: z.optional(z.string()) })),
  ]]),
  venvKinds: new Map([[
    "uv",
    source(z.strictObject({
      reqs: z.optional(z.union([z.string(), z.array(z.string())])),
      lock: z.optional(z.string()),
    })),
  ]]),
  plugins: new Map<string, PluginKinds>([
    ["qik.uv", { settings: source(z.strictObject({ python: z.optional(z.string()) })) }],
    ["qik.pygraph", {}],
    ["qik.s3", {}],
  ]) as ReadonlyMap<string, PluginKinds>,
};
