import { resolve } from "node:path";
import { decodeName } from "../base/bytes.ts";
import type { Sys } from "../sys/sys.ts";
import { type GitConfig, isYes, parseGitConfig } from "./git_config.ts";
import type { Repository } from "./git_call.ts";
import type { Algorithm } from "./algorithm.ts";

/** A repository whose files mean what they usually mean, so that they can be read without git. */
export interface RepositoryFormat {
  readonly algorithm: Algorithm;
  /** Directory of what all working trees of the repository share. */
  readonly commonDirectory: string;
  /** Directory of this working tree alone. */
  readonly gitDirectory: string;
  /** Texts of its own configuration, as they are. */
  readonly configTexts: readonly string[];
}

/** Extensions of the format that change nothing about an index. */
const HARMLESS = new Set([
  "objectformat",
  "worktreeconfig",
  "partialclone",
  "preciousobjects",
  "refstorage",
  "relativeworktrees",
  "noop",
  "noop-v1",
]);

/**
 * Looks at a repository as git does before it reads its index.
 *
 * @returns `undefined` where anything is unusual: another owner, a format or an extension that is not known, a
 * working tree elsewhere. git is asked then, and its word (also its refusal) is what counts.
 */
export function readFormat(sys: Sys, repository: Repository): RepositoryFormat | undefined {
  const { env, machine } = sys;
  if (machine.uid === undefined || env["GIT_COMMON_DIR"] !== undefined) return undefined;
  if (!isOwn(sys, repository, machine.uid)) return undefined;
  const { gitDirectory } = repository;
  const commonDirectory = commonOf(sys, gitDirectory);
  const text = readText(sys, `${commonDirectory}/config`);
  const shared = text === undefined ? undefined : parseGitConfig(text);
  if (text === undefined || shared === undefined) return undefined;
  const ownText = isYes(last(shared, "extensions.worktreeconfig"))
    ? readText(sys, `${gitDirectory}/config.worktree`) ?? ""
    : "";
  const own = parseGitConfig(ownText);
  if (own === undefined || !isUsual(sys, repository, shared, own)) return undefined;
  const algorithm = last(shared, "extensions.objectformat")?.toLowerCase() ?? "sha1";
  if (algorithm !== "sha1" && algorithm !== "sha256") return undefined;
  return { algorithm, commonDirectory, gitDirectory, configTexts: [text, ownText] };
}

/** git refuses what belongs to others unless it is told that it is safe; it alone may judge that. */
function isOwn({ files }: Sys, { top, gitDirectory }: Repository, uid: number): boolean {
  const owners = [files.stat(top), files.lstat(`${top}/.git`), files.stat(gitDirectory)];
  return owners.every((stat) => stat?.uid === uid) &&
    files.stat(`${gitDirectory}/HEAD`) !== undefined;
}

function commonOf(sys: Sys, gitDirectory: string): string {
  const named = readText(sys, `${gitDirectory}/commondir`)?.trim();
  return named === undefined ? gitDirectory : resolve(gitDirectory, named);
}

function readText({ files }: Sys, path: string): string | undefined {
  if (files.stat(path)?.kind !== "file") return undefined;
  return decodeName(files.read(path) ?? new Uint8Array());
}

function isUsual(
  { env }: Sys,
  { top, gitDirectory }: Repository,
  shared: GitConfig,
  own: GitConfig,
): boolean {
  const version = last(shared, "core.repositoryformatversion") ?? "0";
  if (version !== "0" && version !== "1") return false;
  for (const name of shared.keys()) {
    if (!name.startsWith("extensions.")) continue;
    const known = HARMLESS.has(name.slice("extensions.".length));
    // In version 0 git believes some of them and not others.
    if (!known || (version === "0" && name === "extensions.objectformat")) return false;
  }
  if (isYes(last(own, "core.bare") ?? last(shared, "core.bare"))) return false;
  const tree = last(own, "core.worktree") ?? last(shared, "core.worktree");
  return tree === undefined || env["GIT_WORK_TREE"] !== undefined ||
    resolve(gitDirectory, tree) === top;
}

function last(config: GitConfig, name: string): string | undefined {
  return config.get(name)?.at(-1);
}
