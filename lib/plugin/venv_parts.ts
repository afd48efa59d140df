/** What plugins that build environments have in common. */
import type { DepWorld, PlannedDep } from "../plan/types.ts";
import type { BuiltVenvSettings } from "./api.ts";

/**
 * The program of the Python that a `venv` asks for: a plain version means what is called after it, everything else is a
 * program already.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { pythonProgram } from "./venv_parts.ts";
 * assert.equal(pythonProgram("3.12"), "python3.12");
 * assert.equal(pythonProgram("/opt/python/bin/python"), "/opt/python/bin/python");
 * assert.equal(pythonProgram(undefined), "python3");
 * ```
 */
export function pythonProgram(python = "python3"): string {
  return /^\d+(\.\d+)?$/.test(python) ? `python${python}` : python;
}

/**
 * The indexes that settings name; an optional variable without a value names none.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { indexesOf } from "./venv_parts.ts";
 * const settings = { "index-url": "", "extra-index-url": ["https://x.test/simple", ""] };
 * assert.deepEqual(indexesOf(settings), { index: undefined, further: ["https://x.test/simple"] });
 * ```
 */
export function indexesOf(
  settings: BuiltVenvSettings,
): { readonly index: string | undefined; readonly further: readonly string[] } {
  const { "index-url": index, "extra-index-url": further = [] } = settings;
  return { index: index || undefined, further: [further].flat().filter((url) => url !== "") };
}

/** A dependency on variables of the environment that decide what a tool locks. */
export function variablesDep(kind: string, names: readonly string[]): PlannedDep {
  const facts = names.map((name) => ({
    label: `env ${name}`,
    read: (world: DepWorld) => world.env(name),
  }));
  return { kind, facts };
}

/**
 * A dependency on the files that a tool reads its own settings from: one of its own, and a part of `pyproject.toml`.
 *
 * @param own Such as `uv.toml`.
 * @param section How its part begins, such as `[tool.uv`.
 */
export function configurationDep(kind: string, own: string, section: string): PlannedDep {
  return {
    kind,
    // deno-lint-ignore require-await -- other kinds' late parts do wait
    late: async (world) => {
      const pyproject = new TextDecoder().decode(world.file("pyproject.toml"));
      const globs = [
        ...world.file(own) === undefined ? [] : [own],
        ...pyproject.includes(section) ? ["pyproject.toml"] : [],
      ];
      return { globs, facts: [] };
    },
  };
}
