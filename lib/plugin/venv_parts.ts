/** What plugins that build environments have in common. */
import { QikError } from "../base/problems.ts";
import type { DepWorld, PlannedDep } from "../plan/types.ts";
import { relativeLock, withoutPaths } from "../space/checkout_paths.ts";
import { readText } from "../space/ports.ts";
import type { BuiltVenvSettings, VenvCall } from "./api.ts";

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
 * The interpreter of an environment that was just made, absolute. Where a `python` that is none made nothing, tools would take
 * another environment for it.
 *
 * @param directory Of the environment, relative to the root.
 * @param python The program that was to make it.
 * @throws {QikError} `tool-missing` where there is none.
 */
export function madePython(
  { files, root }: Pick<VenvCall, "files" | "root">,
  directory: string,
  python: string,
): string {
  const found = ["bin/python", "Scripts/python.exe"].map((path) => `${root}/${directory}/${path}`)
    .find((path) => files.stat(path) !== undefined);
  if (found !== undefined) return found;
  throw new QikError({
    code: "tool-missing",
    message: `Cannot use "${python}" for "${directory}": it made no Python environment there`,
    hint: 'Let "python" name a Python, such as "3.12" or its path',
  });
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

/**
 * Lets a tool write a lock in the form of requirements, and then names all that lies below the root relative to it: the lock is
 * restored in other checkouts too.
 *
 * @param lock Relative to the root.
 * @param options `hide`: whether the tool must not see the paths of the lock that is there. It comes back where the tool fails.
 * @returns The exit code of the tool.
 */
export async function lockRelative(
  { files, root }: Pick<VenvCall, "files" | "root">,
  lock: string,
  run: () => Promise<number>,
  { hide = false }: { readonly hide?: boolean } = {},
): Promise<number> {
  const path = `${root}/${lock}`;
  const change = (from: string | undefined, to: string | undefined) => {
    if (to === undefined || to === from) return;
    files.writeAtomic(path, new TextEncoder().encode(to));
  };
  const before = readText(files, path);
  const shown = hide && before !== undefined ? withoutPaths(before) : before;
  change(before, shown);
  let code = -1;
  try {
    return code = await run();
  } finally {
    const now = readText(files, path);
    if (code === 0) change(now, now && relativeLock(now, [root, files.realPath(root)]));
    else if (shown !== before) change(now, before);
  }
}
