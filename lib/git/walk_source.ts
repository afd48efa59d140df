import type { Sys } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { IgnoreRules } from "./ignore.ts";
import { inOrder } from "./roll.ts";
import { isOwnFile, type Source } from "./source.ts";

/** Names of all files below the root that no `.gitignore` file ignores, for a tree without git. */
export function openWalkSource({ files }: Pick<Sys, "files">, root: string): Source {
  return {
    indexed: false,
    top: "",
    algorithm: () => "sha256",
    tracked: () => Promise.resolve({ paths: [], modules: new Map(), ignoredBy: [] }),
    others: () => Promise.resolve(walk(files, root)),
    ignored(paths) {
      const rules = new IgnoreRules(files, root);
      const ignored = paths.filter((path) =>
        rules.ignores(path.replace(/\/$/, ""), path.endsWith("/"))
      );
      return Promise.resolve(new Set(ignored));
    },
    mark: () => "",
  };
}

function walk(files: Sys["files"], root: string): string[] {
  const rules = new IgnoreRules(files, root);
  const paths: string[] = [];
  const waiting = [""];
  while (waiting.length > 0) {
    const directory = waiting.pop()!;
    const place = directory === "" ? root : `${root}/${directory}`;
    // As git does, which passes over directories that are closed to it.
    for (const { name, kind } of unlessClosed(() => files.list(place)) ?? []) {
      const path = directory === "" ? name : `${directory}/${name}`;
      if (
        kind === "other" || isOwnFile(`${path}/`) || rules.ignores(path, kind === "directory")
      ) continue;
      if (kind === "directory") waiting.push(path);
      else paths.push(path);
    }
  }
  return inOrder(paths);
}
