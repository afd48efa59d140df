import { type Git, gitFailed } from "./git_call.ts";
import { joinNames, splitNames } from "./names.ts";
import { indexOfPath, inOrder, lowerBound } from "./roll.ts";

const BY_RULES: readonly string[] = ["--no-index"];

/** So many paths git compares with its index without anybody noticing: each one with every file in it. */
const FEW = 16;

/**
 * Which paths git ignores, as `Source.ignored` wants it; unless rules alone are asked, what is tracked, or holds what is, is not
 * ignored.
 *
 * For that git compares every path with every file of its index: 1,000 paths and 100,000 files take 4 s. Of many paths only
 * the rules are asked (10 ms), and what is tracked is found here.
 */
export async function askIgnored(
  git: Git,
  paths: readonly string[],
  byRulesAlone = false,
): Promise<ReadonlySet<string>> {
  if (byRulesAlone) return await checkIgnore(git, BY_RULES, paths);
  // Of rules that are in the index alone only the slow way knows.
  if (paths.length <= FEW || await isSparse(git)) return await checkIgnore(git, [], paths);
  const ruled = await checkIgnore(git, BY_RULES, paths);
  if (ruled.size <= FEW) return await checkIgnore(git, [], [...ruled]);
  const tracked = inOrder(splitNames(await git.read(["ls-files", "-z"])));
  return new Set([...ruled].filter((path) => !holdsTracked(tracked, path)));
}

/** Whether a path, or one below it, is among those in code-unit order; a directory may end in `/`. */
export function holdsTracked(tracked: readonly string[], path: string): boolean {
  const bare = path.endsWith("/") ? path.slice(0, -1) : path;
  if (indexOfPath(tracked, bare) !== -1) return true;
  return tracked[lowerBound(tracked, `${bare}/`)]?.startsWith(`${bare}/`) ?? false;
}

async function isSparse(git: Git): Promise<boolean> {
  const { code, stdout } = await git.ask(["config", "--bool", "core.sparseCheckout"]);
  return code === 0 && new TextDecoder().decode(stdout).trim() === "true";
}

async function checkIgnore(
  git: Git,
  options: readonly string[],
  paths: readonly string[],
): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  const args = ["check-ignore", "-z", ...options, "--stdin"];
  // "./" keeps a name such as ":(x" from being read as pathspec magic. Asked with a slash at its end, a directory that
  // has rules of its own would be judged by these, too; without one git looks what it is.
  const asked = paths.map((path) => `./${path.replace(/\/$/, "")}`);
  const captured = await git.ask(args, joinNames(asked));
  // 1: none of them is ignored.
  if (captured.code > 1) throw gitFailed(args, captured);
  const ignored = new Set(splitNames(captured.stdout));
  return new Set(paths.filter((_, at) => ignored.has(asked[at]!)));
}
