import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Modules } from "./sys.ts";

/** Loads TypeScript and JavaScript of the user's, which no build of qik has seen. */
export function openModules(): Modules {
  return {
    async load(source, root) {
      const file = await locate(source, root);
      if (file === undefined) return { module: await import(source), bytes: undefined };
      // Read before it is loaded: a change in between is seen by the next run.
      const bytes = await readFile(file);
      return { module: await import(pathToFileURL(file).href), bytes };
    },
  };
}

/** The file that a source means; `undefined` where Deno has to find it by itself. */
async function locate(source: string, root: string): Promise<string | undefined> {
  const registry = source.match(/^(npm|jsr):(.+)$/);
  if (registry === null) return resolve(root, source);
  const [, kind, written = ""] = registry;
  // What is installed counts, whichever version is named.
  const name = written.replace(/^(@?[^@]+)@[^/]+/, "$1");
  // In packages for npm JSR names `@scope/pkg` so.
  const found = await inNodeModules(
    kind === "jsr" ? name.replace(/^@([^/]+)\//, "@jsr/$1__") : name,
    root,
  );
  if (found === undefined && !("Deno" in globalThis)) {
    throw new Error(
      `the package "${name}" is in no node_modules directory from the project upward`,
    );
  }
  return found;
}

/**
 * The file that `import` of a package would load from the directory. The executable's own resolution knows only what
 * it was built from, so the way through `node_modules` is gone here.
 */
async function inNodeModules(name: string, from: string): Promise<string | undefined> {
  const directories: string[] = [];
  for (let at = resolve(from); directories.at(-1) !== at; at = dirname(at)) directories.push(at);
  const manifest = directories.map((at) => join(at, "node_modules", name, "package.json"))
    .find((path) => existsSync(path));
  if (manifest === undefined) return undefined;
  const { exports, legacy } = await import("resolve.exports");
  const text = JSON.parse(await readFile(manifest, "utf8"));
  const entry = exports(text, ".")?.[0] ?? legacy(text, { browser: false }) ?? "index.js";
  return join(dirname(manifest), String(entry));
}
