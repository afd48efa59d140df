import { basename, dirname, relative } from "node:path";
import type { Sys } from "../sys/sys.ts";
import { type BulkLstat, newStatRows, sameStat, type StatRows } from "../sys/bulk_stat.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { Git, type Repository } from "./git_call.ts";
import { askIgnored, holdsTracked } from "./ignored.ts";
import { readTracked } from "./index_source.ts";
import { splitNames } from "./names.ts";
import { inOrder } from "./roll.ts";
import type { Algorithm } from "./algorithm.ts";
import type { Source, Tracked } from "./source.ts";

const MODULE_MODE = "160000";
const LINK_MODE = "120000";

/** Names of files as git's index holds them, or as `git ls-files` prints them; relative to the root. */
export function openGitSource(
  sys: Sys,
  root: string,
  repository: Repository,
  lstat: BulkLstat,
  stateDir: string,
): Source {
  const git = new Git(sys, root, repository.env);
  const below = relative(repository.top, root).replaceAll("\\", "/");
  const top = below === "" ? "" : `${below}/`;
  let algorithm: Algorithm = "sha1";
  /** Names in the index where rules may be in there that are not checked out. */
  let ruled: readonly string[] | undefined;
  return {
    indexed: true,
    top,
    algorithm: () => algorithm,
    async tracked() {
      const read = await readTracked({ sys, root, repository, top, git, lstat, stateDir });
      if (read !== undefined) {
        algorithm = read.algorithm;
        ruled = read.skipsRules ? read.paths : undefined;
        return read;
      }
      const lines = splitNames(await git.read(["ls-files", "-z", "--stage"]));
      algorithm = lines.length > 0 ? algorithmOf(lines[0]!) : await askAlgorithm(git);
      const tracked = readStages(lines, algorithm === "sha1" ? 40 : 64);
      ruled = tracked.paths;
      return tracked;
    },
    async others() {
      const printed = await git.read(["ls-files", "-z", "--others", "--exclude-standard"]);
      return inOrder(splitNames(printed));
    },
    async ignored(paths, byRulesAlone = false) {
      if (!byRulesAlone || ruled === undefined) return await askIgnored(git, paths, byRulesAlone);
      // Asked without its index git does not know the rules in there, so only names that are in it are asked so.
      const isIn = (path: string) => holdsTracked(ruled!, path);
      const [inside, beside] = [paths.filter(isIn), paths.filter((path) => !isIn(path))];
      return new Set([...await askIgnored(git, inside, true), ...await askIgnored(git, beside)]);
    },
    mark: markOf(sys, repository.indexPath, lstat),
  };
}

/** Lines are `mode SP id SP stage TAB name`. */
function algorithmOf(line: string): Algorithm {
  return line.indexOf(" ", 7) - 7 === 64 ? "sha256" : "sha1";
}

async function askAlgorithm(git: Git): Promise<Algorithm> {
  const printed = await git.read(["rev-parse", "--show-object-format"]);
  return new TextDecoder().decode(printed).trim() === "sha256" ? "sha256" : "sha1";
}

function readStages(lines: readonly string[], idLength: number): Tracked {
  const paths: string[] = [];
  const modules = new Map<string, string>();
  const links: string[] = [];
  const nameAt = 7 + idLength + 3;
  for (const line of lines) {
    const path = line.slice(nameAt);
    if (line.startsWith(MODULE_MODE)) modules.set(path, line.slice(7, 7 + idLength));
    if (line.startsWith(LINK_MODE)) links.push(path);
    // Up to three stages of a conflict stand one after the other.
    if (path !== paths.at(-1)) paths.push(path);
  }
  return { paths: inOrder(paths), modules, links };
}

/** The mark is made anew where its row is another one: that takes 80 µs where somebody notes what was asked, the row 4. */
function markOf({ files }: Sys, path: string, lstat: BulkLstat): () => string {
  let last: { readonly row: StatRows; readonly mark: string } | undefined;
  const place = [dirname(path), [basename(path)]] as const;
  return () => {
    // Before the mark is made, so that what changes between the two is seen the next time.
    const row = newStatRows(1);
    lstat(...place, row);
    if (last === undefined || !sameStat(row, 0, last.row, 0)) {
      const stat = unlessClosed(() => files.lstat(path));
      const parts = stat && [stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs];
      last = { row, mark: parts?.join() ?? "" };
    }
    return last.mark;
  };
}
