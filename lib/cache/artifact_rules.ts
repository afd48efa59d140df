import { parentPath, rootedPath } from "../base/paths.ts";

/** Code points that some file systems leave out when they compare names, so that `.g<U+200C>it` is `.git`. */
const UNSEEN = /[\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF]/g;

/** Only such names can be a forbidden one in disguise; all others are let through without a closer look. */
const SUSPICIOUS = /[^\x20-\x7e]|[~:]|[. ]$|git|qik/i;

/** What a careless file system makes of a name: case, compatibility forms, stream names, trailing dots. */
function folded(name: string): string {
  const text = name.replace(UNSEEN, "").normalize("NFKC").replace(/:.*$/s, "");
  return text.replace(/[. ]+$/, "").toUpperCase();
}

/**
 * Why a path may not be an artifact's, as words that follow it, or `undefined` where it may.
 *
 * Whoever writes an entry could otherwise plant a git hook, a configuration or a result. Below `._qik` and
 * `.qik` only the folder `artifacts` is open: lock files and graphs of qik's own commands live there.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { forbiddenPath } from "./artifact_rules.ts";
 * assert.equal(forbiddenPath("dist/é\n.js"), undefined);
 * assert.match(forbiddenPath("../x")!, /leaves the repository/);
 * assert.match(forbiddenPath("sub/.GIT/hooks/x")!, /belongs to git/);
 * ```
 */
export function forbiddenPath(path: string): string | undefined {
  if (path === "") return "is empty";
  if (path.includes("\0")) return "holds a NUL";
  if (path.includes("\\")) return "holds a backslash";
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return "is absolute";
  const resolved = rootedPath(path);
  if (resolved === undefined) return "leaves the repository";
  if (resolved !== path) return "is not in its plain form";
  return reservedPath(path);
}

/** To whom a path belongs that no command may write, as words that follow it. */
export function reservedPath(path: string): string | undefined {
  const names = path.split("/");
  for (const [at, name] of names.entries()) {
    if (!SUSPICIOUS.test(name)) continue;
    const plain = folded(name);
    if (plain === ".GIT" || plain === "GIT~1") return "belongs to git";
    if (plain === "QIK.TOML") return "is a configuration of qik";
    const own = plain === "._QIK" || plain === ".QIK";
    if (own && !(at === 0 && names.length > 2 && names[1] === "artifacts")) return "belongs to qik";
  }
  return undefined;
}

/**
 * Why a symlink artifact may not point where it does, as words that follow it, or `undefined` where it may.
 *
 * Only leading `..` are allowed: one that follows a name could climb out of wherever that name, a link
 * itself, leads.
 *
 * @param path The link's own path, already found to be allowed.
 * @param target The text of the link.
 */
export function forbiddenTarget(path: string, target: string): string | undefined {
  if (target === "") return "points nowhere";
  if (target.includes("\0") || target.includes("\\")) return "has a target that is not portable";
  if (target.startsWith("/") || /^[A-Za-z]:/.test(target)) return "has an absolute target";
  let named = false;
  for (const piece of target.split("/")) {
    if (piece === "" || piece === ".") continue;
    if (piece !== "..") named = true;
    else if (named) return "has a target that climbs after it descends";
  }
  const resolved = rootedPath(parentPath(path), target);
  if (resolved === undefined) return "points outside the repository";
  const forbidden = resolved === "" ? undefined : reservedPath(resolved);
  return forbidden === undefined ? undefined : `has a target that ${forbidden}`;
}
