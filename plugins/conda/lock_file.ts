/** The lock of conda's environments: conda's own explicit lists of archives, one for each platform. */

import { percentDecoded, type VenvCall } from "../../mod.ts";

/** One archive. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly build: string;
  /** Of an archive below the root: its path relative to that, after `./`. */
  readonly url: string;
  /** What stands behind the `#`: an MD5 sum, or `sha256:` and a SHA-256 sum; empty where the channel says none. */
  readonly checksum: string;
}

/** All archives of each platform, in the order in which the tool told them. */
export type Lock = ReadonlyMap<string, readonly LockedPackage[]>;

/** @param head A line that says what made it. */
export function writeLock(lock: Lock, head: string): string {
  const parts = [...lock].map(([platform, packages]) => {
    const lines = packages.map(({ url, checksum }) => checksum === "" ? url : `${url}#${checksum}`);
    return [`# platform: ${platform}`, "@EXPLICIT", ...lines, ""].join("\n");
  });
  return `# ${head}\n${parts.join("")}`;
}

/**
 * Reads a lock; lines that are no archive are passed over.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readLock } from "./lock_file.ts";
 * const url = "https://example.org/ch/noarch/my-tool-1.0-h1_0.conda";
 * assert.deepEqual([...readLock(`# platform: linux-64\n@EXPLICIT\n${url}#00\n`)], [
 *   ["linux-64", [{ name: "my-tool", version: "1.0", build: "h1_0", url, checksum: "00" }]],
 * ]);
 * ```
 */
export function readLock(text: string): Lock {
  const lock = new Map<string, LockedPackage[]>();
  let packages: LockedPackage[] = [];
  for (const line of text.split(/\r?\n/)) {
    const platform = /^# platform: (\S+)$/.exec(line)?.[1];
    if (platform !== undefined) lock.set(platform, packages = []);
    const locked = packageOf(line.trim());
    if (locked !== undefined) packages.push(locked);
  }
  return lock;
}

/** `…/<name>-<version>-<build>.conda`, as conda names all archives. */
export function packageOf(line: string): LockedPackage | undefined {
  const [url = "", checksum = ""] = line.split("#", 2);
  const file = /\/([^/]+)-([^-/]+)-([^-/]+)\.(?:conda|tar\.bz2)$/.exec(url);
  if (file === null) return undefined;
  return { name: file[1]!, version: file[2]!, build: file[3]!, url, checksum };
}

/** A package whose archive is named relative to the root where it lies below that, as the tools call it. */
export function relativeTo(
  { root, files }: Pick<VenvCall, "root" | "files">,
  one: LockedPackage,
): LockedPackage {
  for (const own of [root, files.realPath(root)]) {
    if (!percentDecoded(one.url).startsWith(`file://${own}/`)) continue;
    const inside = one.url.slice("file://".length).split("/").slice(own.split("/").length);
    return { ...one, url: `./${inside.join("/")}` };
  }
  return one;
}

/** What {@link relativeTo} made relative, as the tools want it. */
export function wholeUrl(root: string, url: string): string {
  if (!url.startsWith("./")) return url;
  return `file://${root.split("/").map(encodeURIComponent).join("/")}/${url.slice(2)}`;
}
