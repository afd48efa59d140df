import { decodeName } from "../base/bytes.ts";
import { parentPath } from "../base/paths.ts";
import type { Files } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { byteString } from "./names.ts";
import { compileWild } from "./wildmatch.ts";

/** One line of a `.gitignore` file. */
interface Rule {
  /** A leading `!`: what an earlier rule ignores is taken back. */
  readonly keeps: boolean;
  readonly onlyDirectories: boolean;
  /** @param path Below the directory of the file that holds the rule, as a byte string. */
  matches(path: string, name: string): boolean;
}

/**
 * Reads the text of a `.gitignore` file as git does.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readRules } from "./ignore.ts";
 * const [rule] = readRules("build/\n");
 * assert.equal(rule?.onlyDirectories, true);
 * assert.equal(rule?.matches("a/build", "build"), true);
 * ```
 */
export function readRules(text: string): readonly Rule[] {
  const rules: Rule[] = [];
  for (const line of text.replace(/^\ufeff/, "").split("\n")) {
    const pattern = withoutTrailingSpaces(line.replace(/\r$/, ""));
    if (pattern === "" || pattern.startsWith("#")) continue;
    const rule = readRule(pattern);
    if (rule !== undefined) rules.push(rule);
  }
  return rules;
}

/** Spaces at the end do not count unless the first of them is escaped. */
function withoutTrailingSpaces(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === " ") end -= 1;
  const backslashes = /\\*$/.exec(line.slice(0, end))![0].length;
  return line.slice(0, backslashes % 2 === 1 && end < line.length ? end + 1 : end);
}

function readRule(line: string): Rule | undefined {
  const keeps = line.startsWith("!");
  const whole = keeps ? line.slice(1) : line;
  const onlyDirectories = whole.endsWith("/");
  const pattern = byteString(onlyDirectories ? whole.slice(0, -1) : whole);
  const matches = pattern.includes("/") ? pathMatcher(pattern) : nameMatcher(pattern);
  return matches && { keeps, onlyDirectories, matches };
}

type Matches = Rule["matches"];

function nameMatcher(pattern: string): Matches | undefined {
  if (!/[*?[\\]/.test(pattern)) return (_, name) => name === pattern;
  const wild = compileWild(pattern, { pathname: false, casefold: false });
  return wild && ((_, name) => wild(name, 0));
}

function pathMatcher(text: string): Matches | undefined {
  const pattern = text.startsWith("/") ? text.slice(1) : text;
  const wildcard = pattern.search(/[*?[\\]/);
  if (wildcard === -1) return (path) => path === pattern;
  // git compares the literal start by itself, which makes a "**" right after it stand at a start.
  const start = pattern.slice(0, wildcard);
  const wild = compileWild(pattern.slice(wildcard), { pathname: true, casefold: false });
  return wild && ((path) => path.startsWith(start) && wild(path, start.length));
}

/**
 * Which paths the `.gitignore` files of a tree ignore, where no git can be asked.
 *
 * Files are read once; make a new one to see changes. Neither `.git/info/exclude` nor the user's own ignore file
 * is read: without a repository they do not apply.
 */
export class IgnoreRules {
  readonly #files = new Map<string, readonly Rule[]>();

  constructor(private readonly files: Files, private readonly root: string) {}

  /** Whether a path is ignored that lies in no ignored directory. */
  ignores(path: string, directory: boolean): boolean {
    const name = byteString(path.slice(path.lastIndexOf("/") + 1));
    for (let at = parentPath(path);; at = parentPath(at)) {
      const below = byteString(at === "" ? path : path.slice(at.length + 1));
      // The last rule that matches decides, and files deeper down decide first.
      const rule = this.#rules(at).findLast((each) =>
        (directory || !each.onlyDirectories) && each.matches(below, name)
      );
      if (rule !== undefined) return !rule.keeps;
      if (at === "") return false;
    }
  }

  #rules(directory: string): readonly Rule[] {
    const known = this.#files.get(directory);
    if (known !== undefined) return known;
    const rules = this.#read(directory);
    this.#files.set(directory, rules);
    return rules;
  }

  #read(directory: string): readonly Rule[] {
    const path = `${this.root}/${directory === "" ? "" : `${directory}/`}.gitignore`;
    // git does not follow a symlink of this name.
    const isFile = unlessClosed(() => this.files.lstat(path)?.kind === "file", false);
    const bytes = isFile ? unlessClosed(() => this.files.read(path)) : undefined;
    return bytes === undefined ? [] : readRules(decodeName(bytes));
  }
}
