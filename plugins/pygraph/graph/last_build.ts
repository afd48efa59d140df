/** What the last graph was made of, so that the next one need not be made from nothing. */
import type { Files } from "../../../mod.ts";
import type { SourceFile } from "./build.ts";
import type { GraphFlaw } from "./graph.ts";

/** First field of the file; another one, another meaning of what follows. */
const HEAD = "qik-pygraph-build 1";

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
  const [head, facts, ...rest] = new TextDecoder().decode(files.read(path)).split("\0");
  // The last field is what follows the last NUL: anything there was cut off.
  if (head !== HEAD || rest.pop() !== "") return undefined;
  try {
    return { ...JSON.parse(facts!), files: rest };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function writeLastBuild(
  files: Files,
  path: string,
  { files: all, ...facts }: LastBuild,
): void {
  const text = [HEAD, JSON.stringify(facts), ...all, ""].join("\0");
  files.writeAtomic(path, new TextEncoder().encode(text));
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
