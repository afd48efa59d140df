import { decodeName } from "../base/bytes.ts";
import { type Git, gitFailed } from "./git_call.ts";
import { joinNames, splitNames } from "./names.ts";

/** The files of an earlier commit, or of the index, below the root. */
export interface Past {
  /** Their paths relative to the root. Cost: one git process. */
  names(): Promise<readonly string[]>;
  /** Contents of files, in one git process; paths that were no files are missing. */
  read(paths: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

/** @param top The root below the top of the repository: `""` or `dir/`. */
export function pastOf(git: Git, tree: string, top: string): Past {
  return filesOf(git, tree, top, ["ls-tree", "-r", "-z", "--name-only", tree]);
}

/** What `git commit` would record; see {@link pastOf}. */
export function stagedOf(git: Git, top: string): Past {
  return filesOf(git, "", top, ["ls-files", "-z", "--cached"]);
}

function filesOf(git: Git, tree: string, top: string, list: readonly string[]): Past {
  return {
    names: async () => splitNames(await git.read(list)),
    async read(paths) {
      // The questions are lines, so a name that holds a line break cannot be asked for.
      const asked = paths.filter((path) => !path.includes("\n"));
      if (asked.length === 0) return new Map();
      const args = ["cat-file", "--batch"];
      const lines = joinNames(asked.map((path) => `${tree}:${top}${path}`));
      const answer = await git.ask(args, lines.map((byte) => byte === 0 ? 0x0a : byte));
      if (answer.code !== 0) throw gitFailed(args, answer);
      return readBatch(answer.stdout, asked);
    },
  };
}

/** Answers are `id SP type SP size LF bytes LF`, or one line without a size. */
function readBatch(bytes: Uint8Array, asked: readonly string[]): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  let at = 0;
  for (const path of asked) {
    const end = bytes.indexOf(0x0a, at);
    if (end === -1) break;
    const [, type, size] = /^[0-9a-f]+ (\w+) (\d+)$/.exec(decodeName(bytes.subarray(at, end))) ??
      [];
    at = end + 1;
    if (size === undefined) continue;
    if (type === "blob") found.set(path, bytes.slice(at, at + Number(size)));
    at += Number(size) + 1;
  }
  return found;
}
