/** What the last graph was made of, so that the next one need not be made from nothing. */
import type { Files } from "../../../mod.ts";
import { damageSum, readMemory, writeMemory } from "../memory.ts";
import type { SourceFile } from "./build.ts";
import type { GraphFlaw } from "./graph.ts";

/** First field of the file; another one, another meaning of what follows. */
const HEAD = "qik-pygraph-build 2";

export interface LastBuild {
  readonly pythonPath: string;
  /** SHA-256 of the graph's bytes. */
  readonly graph: string;
  readonly modules: number;
  /** As in the graph. */
  readonly links?: readonly string[];
  readonly flaws: readonly GraphFlaw[];
  /** One entry for each file, in order: `digest`, a letter for the kind, the path. */
  readonly files: readonly string[];
}

/** Fields end in NUL, which no path holds. @returns `undefined` where there is none that can be used. */
export function readLastBuild(files: Files, path: string): LastBuild | undefined {
  const text = new TextDecoder().decode(readMemory(files, path));
  const [head, sum = "", facts, ...rest] = text.split("\0");
  // The last field is what follows the last NUL: anything there was cut off.
  if (head !== HEAD || rest.pop() !== "") return undefined;
  if (sum !== damageSum(text.slice(HEAD.length + sum.length + 2))) return undefined;
  return { ...JSON.parse(facts!), files: rest };
}

export function writeLastBuild(
  files: Files,
  path: string,
  { files: all, ...facts }: LastBuild,
): void {
  const text = [JSON.stringify(facts), ...all, ""].join("\0");
  const bytes = new TextEncoder().encode([HEAD, damageSum(text), text].join("\0"));
  writeMemory(() => files.writeAtomic(path, bytes));
}

export function entryOf({ path, kind, digest }: SourceFile): string {
  return `${digest}\t${kind[0]}${path}`;
}

/** A file whose content is another one than that of the last build. */
export interface Changed {
  readonly file: SourceFile;
  readonly digestBefore: string;
}

/**
 * What changed since the last build.
 *
 * @param entries `entryOf` each of the files.
 * @returns `undefined` where files came, went or became another kind of thing: then names lead elsewhere.
 */
export function changedSince(
  last: LastBuild,
  files: readonly SourceFile[],
  entries: readonly string[],
): readonly Changed[] | undefined {
  if (last.files.length !== files.length) return undefined;
  const changed: Changed[] = [];
  for (const [at, file] of files.entries()) {
    const before = last.files[at]!;
    // The digest of a link is not of what stands at its end.
    if (before === entries[at] && file.kind !== "link") continue;
    const tab = before.indexOf("\t");
    if (before.slice(tab) !== `\t${file.kind[0]}${file.path}`) return undefined;
    changed.push({ file, digestBefore: before.slice(0, tab) });
  }
  return changed;
}
