/** Values of git's configuration, the last one last, by their names in lower case: `core.bare`, `user.x.name`. */
export type GitConfig = ReadonlyMap<string, readonly string[]>;

const SECTION = /^\[\s*([A-Za-z0-9.-]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]/;
const NAME = /^([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(.*))?$/;

/**
 * Reads the text of a configuration file without what it includes.
 *
 * Plain files only, which git writes itself: where a value goes on in a second line or a line cannot be read, the
 * answer is `undefined`, and git has to be asked.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseGitConfig } from "./git_config.ts";
 * const config = parseGitConfig('[core]\n\tbare = false # no\n[extensions]\n\tobjectFormat = "sha256"\n');
 * assert.deepEqual(config?.get("core.bare"), ["false"]);
 * assert.deepEqual(config?.get("extensions.objectformat"), ["sha256"]);
 * ```
 */
export function parseGitConfig(text: string): GitConfig | undefined {
  const values = new Map<string, string[]>();
  let section: string | undefined;
  for (const line of text.replace(/^\ufeff/, "").split("\n")) {
    let rest = line.trim();
    const head = SECTION.exec(rest);
    if (head !== null) {
      const sub = head[2] === undefined ? "" : `.${head[2].replace(/\\(.)/g, "$1")}`;
      section = head[1]!.toLowerCase() + sub;
      rest = rest.slice(head[0].length).trim();
    }
    if (rest === "" || rest.startsWith("#") || rest.startsWith(";")) continue;
    const named = NAME.exec(rest);
    const value = named === null ? undefined : plainValue(named[2]);
    if (section === undefined || named === null || value === undefined) return undefined;
    const name = `${section}.${named[1]!.toLowerCase()}`;
    values.set(name, [...values.get(name) ?? [], value]);
  }
  return values;
}

/** A name alone says yes. Quotes may stand anywhere; comments end a value outside of them. */
function plainValue(text: string | undefined): string | undefined {
  if (text === undefined) return "true";
  let value = "";
  let quoted = false;
  let kept = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === "\\") {
      const escape = text[++at];
      if (escape !== "\\" && escape !== '"') return undefined;
      value += escape;
    } else if (char === '"') quoted = !quoted;
    else if (!quoted && (char === "#" || char === ";")) break;
    else value += char;
    if (quoted || !/\s/.test(char)) kept = value.length;
  }
  return quoted ? undefined : value.slice(0, kept);
}

/** What `git config --type=bool` makes of a value. */
export function isYes(value: string | undefined): boolean {
  return value !== undefined && !["", "false", "no", "off", "0"].includes(value.toLowerCase());
}
