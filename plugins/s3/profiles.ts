import { readFileText } from "../../mod.ts";
import type { Sources } from "./sources.ts";

/** Keys and values of one profile, from both shared files. */
export type Profile = Readonly<Record<string, string>>;

/**
 * Reads the files that AWS's tools share: `~/.aws/config` and `~/.aws/credentials`, or what `AWS_CONFIG_FILE` and
 * `AWS_SHARED_CREDENTIALS_FILE` name. Where both tell a key of a profile, the credentials file counts.
 */
export function readProfiles(sources: Sources): ReadonlyMap<string, Profile> {
  const { env } = sources;
  const home = env["HOME"] || env["USERPROFILE"] || "";
  const config = env["AWS_CONFIG_FILE"] || `${home}/.aws/config`;
  const credentials = env["AWS_SHARED_CREDENTIALS_FILE"] || `${home}/.aws/credentials`;
  const profiles = new Map<string, Profile>();
  for (const [path, word] of [[config, "profile "], [credentials, ""]] as const) {
    for (const [name, profile] of sections(readFileText(sources, path) ?? "", word)) {
      profiles.set(name, { ...profiles.get(name), ...profile });
    }
  }
  return profiles;
}

/**
 * The sections of such a file. In the config file all but the default one begin with a word.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { sections } from "./profiles.ts";
 * const text = "[profile ci]\nregion = eu-west-1 # near\n[default]\nregion=us-east-1\n";
 * assert.deepEqual([...sections(text, "profile ")], [
 *   ["ci", { region: "eu-west-1" }],
 *   ["default", { region: "us-east-1" }],
 * ]);
 * ```
 */
export function sections(text: string, word: string): Map<string, Profile> {
  const found = new Map<string, Record<string, string>>();
  let current: Record<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const head = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)?.[1];
    if (head !== undefined) {
      const name = head === "default"
        ? head
        : head.startsWith(word)
        ? head.slice(word.length).trim()
        : undefined;
      current = name === undefined ? undefined : found.get(name) ?? {};
      if (name !== undefined && current !== undefined) found.set(name, current);
      continue;
    }
    // Indented lines belong to a nested setting (`s3 =`), of which nothing is needed.
    const [, key, value] = /^([\w-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (current !== undefined && key !== undefined) {
      current[key.toLowerCase()] = value!.replace(/\s[#;].*$/, "").trim();
    }
  }
  return found;
}
