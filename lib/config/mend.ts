import type { Flaw } from "./flaws.ts";
import type { TomlPath } from "./paths.ts";
import type { JsonTable } from "./toml.ts";

type Table = Record<string, unknown>;

/**
 * Takes what is flawed out of a table, so that the rest can be checked further and all problems of a file are
 * told at once. A list with a flaw goes as a whole: the places of its other items must not move. The result is
 * for finding problems only, never for running.
 */
export function withoutFlaws(file: JsonTable, flaws: readonly Flaw[]): JsonTable {
  const table = file as Table;
  for (const { path } of flaws) {
    const list = path.findIndex((part) => typeof part === "number");
    takeOut(table, list === -1 ? path : path.slice(0, list));
  }
  return table as JsonTable;
}

function takeOut(table: Table, path: TomlPath): void {
  let parent: unknown = table;
  for (const part of path.slice(0, -1)) {
    if (typeof parent !== "object" || parent === null) return;
    parent = (parent as Table)[part];
  }
  if (typeof parent !== "object" || parent === null) return;
  const key = path.at(-1)!;
  // A command without `exec` would be flawed again, and its dependencies are worth checking.
  if (path.length === 3 && path[0] === "commands" && key === "exec") {
    (parent as Table)[key] = "true";
  } else delete (parent as Table)[key];
}
