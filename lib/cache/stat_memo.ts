import type { Clock, Files, Stat } from "../sys/sys.ts";
import { attempt, digestFile } from "./blobs.ts";
import { isObject } from "./manifest.ts";
import { seal, unseal } from "./seal.ts";

/**
 * A file counts as settled when it has been left alone for so long: on the coarsest file systems two writes
 * within this time can leave the same stat, so that a younger file is read again next time.
 */
const SETTLED_MS = 2000;

/** More than any repository's artifacts; keeps a memo that nobody prunes from growing without end. */
const MOST = 500_000;

/** What is remembered about the contents of artifacts, so that a warm run reads none of them. */
export interface StatMemo {
  /**
   * SHA-256 of a file as it is now: remembered where its whole stat is the remembered one, else read.
   *
   * @param path Relative to the root.
   * @returns `undefined` where the file is gone meanwhile.
   * @throws The system's error where it cannot be read.
   */
  contentOf(root: string, path: string, stat: Stat): string | undefined;
  /** Writes what was learned, for the next run. Never throws. */
  save(): void;
}

/**
 * Opens the memo; its file is read when it is first needed. A missing or damaged one is an empty one, so
 * deleting it only costs time.
 *
 * @param file Absolute path of the memo's file.
 */
export function openStatMemo(files: Files, clock: Clock, file: string): StatMemo {
  let known: Map<string, readonly [stat: string, content: string]> | undefined;
  const used = new Set<string>();
  let changed = false;

  return {
    contentOf(root, path, stat) {
      known ??= load(files, file);
      const print = printOf(stat);
      const remembered = known.get(path);
      used.add(path);
      if (remembered !== undefined && remembered[0] === print) return remembered[1];
      const lookedAt = clock.now();
      const content = digestFile(files, `${root}/${path}`)?.content;
      if (content !== undefined && settled(stat, lookedAt)) {
        known.set(path, [print, content]);
        changed = true;
      }
      return content;
    },
    save() {
      if (!changed || known === undefined) return;
      const kept = known.size > MOST ? [...known].filter(([path]) => used.has(path)) : [...known];
      const bytes = seal(`"schema":1,"files":${JSON.stringify(kept)}`);
      attempt(() => files.writeAtomic(file, bytes, 0o600));
      changed = false;
    },
  };
}

/** Everything about a file that changes when its content does. */
function printOf({ size, mode, mtimeNs, ctimeNs, ino, dev, uid, gid }: Stat): string {
  return [size, mode, mtimeNs, ctimeNs, ino, dev, uid, gid].join(" ");
}

function settled({ mtimeNs, ctimeNs }: Stat, lookedAtMs: number): boolean {
  const newest = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  return newest < BigInt(lookedAtMs - SETTLED_MS) * 1_000_000n;
}

function load(files: Files, file: string): Map<string, readonly [string, string]> {
  const known = new Map<string, readonly [string, string]>();
  attempt(() => {
    const bytes = files.read(file);
    const value = bytes === undefined ? undefined : unseal(bytes);
    if (!isObject(value) || value["schema"] !== 1 || !Array.isArray(value["files"])) return;
    for (const [path, [print, content]] of value["files"]) known.set(path, [print, content]);
  });
  return known;
}
