/** What files import, remembered under the digests of their content. */
import { createHash } from "node:crypto";
import type { Files, FileState } from "../../../mod.ts";
import { scan, type SourceFlaw } from "../scan/scanner.ts";
import type { FileImports } from "./build.ts";
import type { Imported } from "./resolve.ts";

/** First line of the file; another one, another meaning of what follows. */
const HEAD = "qik-pygraph-scans 1";
/** So many lines more than are in use, and the file is written anew. */
const MOST_STALE = 2000;

/** [module, level, names or 0, bits] */
type Line = readonly [string, number, readonly string[] | 0, number];

/**
 * Scans files, each content once. The memory is a text file that lines are added to: `digest`, a tab, JSON. Losing
 * it, or any line of it, only costs time.
 */
export class Scans {
  readonly #files: Files;
  readonly #root: string;
  readonly #path: string;
  readonly #known: Map<string, string>;
  readonly #used = new Map<string, string>();
  readonly #fresh: string[] = [];
  readonly #isWhole: boolean;
  #scanned = 0;

  /** @param path Absolute; where the memory is kept. */
  constructor(files: Files, root: string, path: string) {
    this.#files = files;
    this.#root = root;
    this.#path = path;
    const { known, isWhole } = readKnown(files, path);
    this.#known = known;
    this.#isWhole = isWhole;
  }

  /** How many files had to be read. */
  get scanned(): number {
    return this.#scanned;
  }

  /** @param changed Is told a path whose file does not hold what its digest says. */
  of(
    { path, kind, digest }: Pick<FileState, "path" | "kind" | "digest">,
    changed: (path: string) => void,
  ): FileImports {
    // A link's digest is of its target's name, not of what stands there.
    const known = kind === "link" ? undefined : this.#known.get(digest);
    const imports = known === undefined ? undefined : decodeImports(known);
    if (imports === undefined) {
      const scanned = this.#scan(path, digest.startsWith("sha1:"));
      if (kind !== "link" && scanned.digest !== digest) changed(path);
      return scanned.found;
    }
    this.#used.set(digest, known!);
    return imports;
  }

  /** Writes what was learned. */
  save(): void {
    const encode = (lines: readonly string[]) => new TextEncoder().encode(lines.join(""));
    const stale = this.#known.size - this.#used.size;
    if (!this.#isWhole || stale > this.#used.size + MOST_STALE) {
      const lines = [...this.#used].map(([digest, text]) => lineOf(digest, text));
      this.#files.writeAtomic(this.#path, encode([`${HEAD}\n`, ...lines]));
    } else if (this.#fresh.length > 0) this.#files.append(this.#path, encode(this.#fresh));
    this.#fresh.length = 0;
  }

  #scan(path: string, sha1: boolean): { readonly found: FileImports; readonly digest: string } {
    const bytes = this.#files.read(`${this.#root}/${path}`) ?? new Uint8Array();
    const { imports, flaw } = scan(bytes);
    const found = flaw === undefined ? { imports } : { imports, flaw };
    // The bytes that were read are named, not those that were seen before: the file may change meanwhile.
    const digest = digestOf(bytes, sha1);
    const text = encodeImports(found);
    this.#used.set(digest, text);
    this.#fresh.push(lineOf(digest, text));
    this.#scanned++;
    return { found, digest };
  }
}

function lineOf(digest: string, text: string): string {
  return `${digest}\t${text}\n`;
}

/** As the tree of inputs names contents: the id that git gives to a blob of these bytes. */
function digestOf(bytes: Uint8Array, sha1: boolean): string {
  const algorithm = sha1 ? "sha1" : "sha256";
  const digest = createHash(algorithm).update(`blob ${bytes.length}\0`).update(bytes);
  return `${algorithm}:${digest.digest("hex")}`;
}

function readKnown(files: Files, path: string): { known: Map<string, string>; isWhole: boolean } {
  const known = new Map<string, string>();
  const lines = new TextDecoder().decode(files.read(path)).split("\n");
  if (lines[0] !== HEAD) return { known, isWhole: false };
  // Two that add lines at a time, or a full disk, leave pieces; whatever follows the last line end is one.
  const isWhole = lines.pop() === "";
  for (let at = 1; at < lines.length; at++) {
    const tab = lines[at]!.indexOf("\t");
    if (tab > 0) known.set(lines[at]!.slice(0, tab), lines[at]!.slice(tab + 1));
  }
  return { known, isWhole };
}

function encodeImports({ imports, flaw }: FileImports): string {
  const lines = imports.map(({ module, level, names, typeChecking, optional }): Line => [
    module,
    level,
    names ?? 0,
    (typeChecking ? 1 : 0) + (optional ? 2 : 0),
  ]);
  return JSON.stringify(flaw === undefined ? { lines } : { lines, flaw });
}

/** `undefined` for a torn line. */
function decodeImports(text: string): FileImports | undefined {
  try {
    const { lines, flaw } = JSON.parse(text) as { lines: Line[]; flaw?: SourceFlaw };
    const imports = lines.map(importedOf);
    return flaw === undefined ? { imports } : { imports, flaw };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function importedOf([module, level, names, bits]: Line): Imported {
  const marks = { typeChecking: (bits & 1) !== 0, optional: (bits & 2) !== 0 };
  return names === 0 ? { module, level, ...marks } : { module, level, names, ...marks };
}
