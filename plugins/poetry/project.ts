/** What a `pyproject.toml` says about other projects. */
import { parse } from "smol-toml";
import { rootedPath } from "../../mod.ts";

/**
 * Paths of the `pyproject.toml` of every directory that a project depends on, relative to the root. What lies outside of the
 * root is left out, and a file that cannot be read has none: Poetry says why.
 *
 * @param directory Of the project, with a slash at its end; empty for the root.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { localProjects } from "./project.ts";
 * const text = '[tool.poetry.dependencies]\nlib = {path = "../lib", develop = true}\n';
 * assert.deepEqual(localProjects("app/", new TextEncoder().encode(text)), ["lib/pyproject.toml"]);
 * ```
 */
export function localProjects(directory: string, bytes: Uint8Array | undefined): string[] {
  const paths = new Set<string>();
  for (const path of pathsIn(tableOf(bytes))) {
    const inside = path.includes("\\") ? undefined : rootedPath(directory, path);
    if (inside !== undefined && !/\.(whl|zip|gz|bz2)$/.test(inside)) {
      paths.add(`${inside === "" ? "" : `${inside}/`}pyproject.toml`);
    }
  }
  return [...paths].sort();
}

function tableOf(bytes: Uint8Array | undefined): unknown {
  try {
    return parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** Every `path` below, at whatever depth, and every `name @ file:path` in a list of requirements. */
function pathsIn(value: unknown): string[] {
  if (typeof value === "string") {
    const path = /^[\w.\-[\], ]+@\s*(?:file:)?(?!\/)(\.[^\s;]*)/.exec(value)?.[1];
    return path === undefined ? [] : [path];
  }
  if (Array.isArray(value)) return value.flatMap(pathsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "path" && typeof inner === "string" ? [inner] : pathsIn(inner)
  );
}
