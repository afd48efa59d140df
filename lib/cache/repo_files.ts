import { encodeName } from "../base/bytes.ts";
import { byCodeUnit } from "../base/order.ts";
import { sha256 } from "../sys/digest.ts";
import type { Files } from "../sys/sys.ts";
import type { Manifest } from "./cache.ts";
import { isObject, plainManifest, readManifest } from "./manifest.ts";
import { seal, unseal } from "./seal.ts";

/** Longest name that is left readable; below what every file system takes, `.json` included. */
const READABLE = 200;

/**
 * A file name for any text: readable where it can be, one name per text, the same on every machine.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fileNameOf } from "./repo_files.ts";
 * assert.equal(fileNameOf("lint@app#api"), "lint@app#api");
 * assert.equal(fileNameOf("../é"), "%2E.%2F%C3%A9");
 * ```
 */
export function fileNameOf(text: string): string {
  let name = "";
  for (const byte of encodeName(text)) {
    const char = String.fromCharCode(byte);
    const plain = /[A-Za-z0-9_@#=-]/.test(char) || (char === "." && name !== "");
    name += plain ? char : "%" + byte.toString(16).toUpperCase().padStart(2, "0");
  }
  if (name.length <= READABLE) return name;
  return `${name.slice(0, READABLE - 17)}-${sha256(encodeName(text)).slice(0, 16)}`;
}

/** Absolute path of the entry of a task; its log has the same name with `.out`. */
export function repoEntryFile(root: string, command: string, task: string): string {
  return `${root}/.qik/cache/${fileNameOf(command)}/${fileNameOf(task)}.json`;
}

/** Sealed text with sorted members and one artifact per line, so that it is equal on every machine. */
export function repoEntryText(manifest: Manifest): Uint8Array {
  const { artifacts, ...rest } = plainManifest(manifest);
  const lines = artifacts.map((artifact) => JSON.stringify(sorted(artifact)));
  const list = lines.length === 0 ? "[]" : `[\n${lines.join(",\n")}\n]`;
  const members = Object.entries(sorted(rest)).map(([name, value]) => {
    const plain = isObject(value) ? sorted(value) : value;
    return `${JSON.stringify(name)}: ${JSON.stringify(plain)}`;
  });
  return seal([`"artifacts": ${list}`, ...members].join(",\n") + "\n");
}

function sorted(value: object): object {
  const order = Object.entries(value).sort(([a], [b]) => byCodeUnit(a, b));
  return Object.fromEntries(order);
}

/** What one file of the repo cache turned out to be. */
export type RepoEntry =
  | { readonly keys: readonly string[]; readonly manifest: Manifest }
  | { readonly keys: readonly string[]; readonly detail: string };

/**
 * Reads an entry that anybody may have edited. A damaged one (after a merge gone wrong, say) still tells for
 * which keys it was meant, so that the user hears of the damage instead of wondering about a miss.
 */
export function readRepoEntry(files: Files, file: string): RepoEntry | undefined {
  const bytes = files.read(file);
  if (bytes === undefined) return undefined;
  const value = unseal(bytes);
  const manifest = value === undefined ? "it is not what was written" : readManifest(value);
  if (typeof manifest !== "string") return { keys: [manifest.key], manifest };
  const text = new TextDecoder().decode(bytes);
  const keys = [...text.matchAll(/"key": "([0-9a-f]{16,128})"/g)].map(([, key]) => key!);
  return { keys, detail: `The entry "${file}" cannot be used: ${manifest}` };
}

/** Whether bytes are an entry as it was written: no merge, no hand and no other format has been at it. */
export function isIntactEntry(bytes: Uint8Array): boolean {
  const value = unseal(bytes);
  return value !== undefined && typeof readManifest(value) !== "string";
}
