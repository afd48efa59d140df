/** What the built-in plugins bring, by the words that a configuration uses for it. */
const BROUGHT: Readonly<Record<string, string>> = {
  pygraph: "qik.pygraph",
  module: "qik.pygraph",
  jsgraph: "qik.jsgraph",
  uv: "qik.uv",
  piptools: "qik.piptools",
  "pip-tools": "qik.piptools",
  poetry: "qik.poetry",
  conda: "qik.conda",
  s3: "qik.s3",
  gcs: "qik.gcs",
  http: "qik.http",
};

/**
 * A hint for a type that no plugin of the configuration brings.
 *
 * @param word A `type` as written.
 * @param builtIn Sources of the plugins that this qik has.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { broughtHint } from "./built_in.ts";
 * assert.equal(broughtHint("uv", new Set(["qik.uv"])), 'Add uv = "qik.uv" to [plugins]');
 * assert.equal(broughtHint("uw"), undefined);
 * ```
 */
export function broughtHint(
  word: string,
  builtIn: ReadonlySet<string> = new Set(),
): string | undefined {
  const source = Object.hasOwn(BROUGHT, word) ? BROUGHT[word]! : undefined;
  if (source === undefined) return undefined;
  if (builtIn.has(source)) return `Add ${source.slice("qik.".length)} = "${source}" to [plugins]`;
  return `It comes with the plugin "${source}", which this version of qik does not have yet`;
}

/** A hint for a plugin that documents name and that this qik does not have. */
export function laterHint(source: string): string | undefined {
  if (!Object.values(BROUGHT).includes(source) && source !== "qik.docker") return undefined;
  return "This version of qik does not have it yet";
}
