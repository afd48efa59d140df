/** What requirement files of conda ask for: `environment.yml`, or one match spec in each line. */
import { parse } from "yaml";

/** All that is asked for. */
export interface Wanted {
  /** In order of preference; none: those of the tool's own configuration. */
  readonly channels: readonly string[];
  /** Match specs, such as `numpy >=2` or `conda-forge::numpy`. */
  readonly specs: readonly string[];
}

/** A file that cannot be used: why, in words that end a sentence. */
export class Unusable extends Error {}

/**
 * Reads one file. What `name`, `prefix` and `variables` say is about another place than qik's, and is passed over.
 *
 * @param path Tells the form: `.yml` and `.yaml`, else lines.
 * @throws {Unusable}
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readWanted } from "./wanted.ts";
 * const text = "channels: [conda-forge]\ndependencies:\n  - python=3.12\n  - ripgrep >=14\n";
 * assert.deepEqual(readWanted("environment.yml", text), {
 *   channels: ["conda-forge"],
 *   specs: ["python=3.12", "ripgrep >=14"],
 * });
 * ```
 */
export function readWanted(path: string, text: string): Wanted {
  if (!/\.ya?ml$/.test(path)) return { channels: [], specs: checked(lines(text)) };
  let table: unknown;
  try {
    table = parse(text) ?? {};
  } catch (error) {
    throw new Unusable(`it is no YAML: ${String((error as Error).message).split("\n", 1)[0]}`);
  }
  if (typeof table !== "object" || table === null || Array.isArray(table)) {
    throw new Unusable('it is no table with "dependencies"');
  }
  const { channels, dependencies } = table as Record<string, unknown>;
  return {
    channels: texts("channels", channels ?? []),
    specs: checked(texts("dependencies", dependencies ?? [])),
  };
}

/** The name that a match spec is about, as packages have it: in small letters. */
export function nameOf(spec: string): string {
  const [, name = ""] = /^(?:[^:\s]+::)?([\w.-]+)/.exec(spec.trim()) ?? [];
  return name.toLowerCase();
}

function lines(text: string): string[] {
  return text.split(/\r?\n/).map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");
}

function texts(key: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw new Unusable(`"${key}" is no list`);
  return (value as readonly unknown[]).map((item) => {
    if (typeof item === "string") return item.trim();
    if (typeof item === "object" && item !== null && "pip" in item) {
      throw new Unusable('a lock of conda cannot hold what it lists under "pip"');
    }
    throw new Unusable(`"${key}" holds ${JSON.stringify(item)} where a text is expected`);
  });
}

/** A spec is one word of a command line: it must not be taken for an option. */
function checked(specs: string[]): string[] {
  for (const spec of specs) {
    if (nameOf(spec) !== "" && !spec.startsWith("-")) continue;
    throw new Unusable(`"${spec}" names no package`);
  }
  return specs;
}
