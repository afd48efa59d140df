/** What files import, remembered under the digests of their content. */
import { digestBytes, type Files } from "../../../mod.ts";
import { damageSum, readMemory, writeMemory } from "../memory.ts";
import { scanImports, type SourceFlaw } from "../scan/scanner.ts";
import type { FileImports, SourceFile } from "./build.ts";
import type { Imported } from "./resolve.ts";

/** First line of the file; another one, another meaning of what follows. */
const HEAD = "qik-pygraph-scans 3\n";
/** Letters of a sum in front of the JSON of a line. */
const SUM_LENGTH = 8;
/** So many lines more than are in use, and the file is written anew. */
const MOST_STALE = 2000;
/** So many digests are searched for in the text as it is; for more a table is worth its time (20,000 lines: 30 ms). */
const FEW = 20;

/** Longer than nearly every source file. */
const FIRST_BYTES = 1 << 18;
const NOTHING = new Uint8Array();

/** [module, level, names or 0, bits] */
type Line = readonly [string, number, readonly string[] | 0, number];

/**
 * Scans files, each content once. The memory is a text file that lines are added to: `digest`, a tab, a sum of what
 * follows, JSON. Losing it, or any line of it, only costs time; so does damage.
 *
 * No workers: on two processors half of the files in a worker take longer than all of them here, because a worker
 * starts a runtime, compiles the scanner once more and sends its answers back. `bench/scanner.ts` repeats it: 20,000
 * modules 520 ms alone and 822 with a worker, Django 140 and 172.
 */
export class Scans {
  readonly #files: Files;
  readonly #root: string;
  readonly #path: string;
  /** Whole lines, after a line end. */
  #text: string;
  #isWhole: boolean;
  #table: Map<string, string> | undefined;
  #searched = 0;
  readonly #used = new Map<string, string>();
  readonly #fresh: string[] = [];
  #scanned = 0;
  #buffer = new Uint8Array(FIRST_BYTES);

  /** @param path Absolute; where the memory is kept. */
  constructor(files: Files, root: string, path: string) {
    this.#files = files;
    this.#root = root;
    this.#path = path;
    const text = new TextDecoder().decode(readMemory(files, path));
    const isKnown = text.startsWith(HEAD);
    // Two that add lines at a time, or a full disk, leave pieces; whatever follows the last line end is one.
    this.#isWhole = isKnown && text.endsWith("\n");
    this.#text = isKnown ? text.slice(HEAD.length - 1, text.lastIndexOf("\n") + 1) : "\n";
  }

  /** How many files had to be read. */
  get scanned(): number {
    return this.#scanned;
  }

  /** @param changed Is told a path whose file does not hold what its digest says. */
  of(file: SourceFile, changed: (path: string) => void): FileImports {
    const { path, kind, digest } = file;
    // A link's digest is of its target's name, not of what stands there.
    const known = kind === "link" ? undefined : this.textOf(digest);
    const imports = known === undefined ? undefined : decodeImports(known);
    if (imports !== undefined) {
      this.#used.set(digest, known!);
      return imports;
    }
    const scanned = this.#scan(path, kind, digest.startsWith("sha1:") ? "sha1" : "sha256");
    if (kind !== "link" && scanned.digest !== digest) changed(path);
    return scanned.found;
  }

  /** What is remembered of a content, as text: equal imports and flaws, equal text. */
  textOf(digest: string): string | undefined {
    const used = this.#used.get(digest);
    if (used !== undefined) return used;
    const line = this.#lineOf(digest);
    if (line === undefined) return undefined;
    const text = line.slice(SUM_LENGTH);
    if (line === damageSum(text) + text) return text;
    // Written anew, it is found no more.
    this.#isWhole = false;
    return undefined;
  }

  #lineOf(digest: string): string | undefined {
    if (this.#table !== undefined || this.#searched++ > FEW) {
      return (this.#table ??= tableOf(this.#text)).get(digest);
    }
    const at = this.#text.indexOf(`\n${digest}\t`);
    if (at < 0) return undefined;
    return this.#text.slice(at + digest.length + 2, this.#text.indexOf("\n", at + 1));
  }

  /**
   * Writes what was learned.
   *
   * @param all Every file was asked for: what was not, nobody needs any more.
   */
  save(all: boolean): void {
    writeMemory(() => this.#save(all));
    this.#fresh.length = 0;
  }

  #save(all: boolean): void {
    const encode = (lines: readonly string[]) => new TextEncoder().encode(lines.join(""));
    const stale = all ? (this.#table?.size ?? 0) - this.#used.size : 0;
    if (!this.#isWhole || stale > this.#used.size + MOST_STALE) {
      const lines = [...this.#used].map(([digest, text]) => lineOf(digest, text));
      this.#files.writeAtomic(this.#path, encode([HEAD, ...lines]));
    } else if (this.#fresh.length > 0) this.#files.append(this.#path, encode(this.#fresh));
  }

  /**
   * Nothing where no file can be read: a link in a circle, or to a directory or a device, is no module. The bytes are
   * good until the next file is read.
   */
  #read(path: string, kind: SourceFile["kind"]): Uint8Array {
    try {
      // What is no link was a file a moment ago.
      if (kind === "link" && this.#files.stat(path)?.kind !== "file") return NOTHING;
      return this.#readAll(path);
    } catch (error) {
      if (typeof (error as { readonly code?: unknown }).code !== "string") throw error;
      return NOTHING;
    }
  }

  /** Into the same memory again and again: 900 files take 6 ms instead of 11 with a stat and a buffer for each. */
  #readAll(path: string): Uint8Array {
    const reader = this.#files.openReader(path);
    if (reader === undefined) return NOTHING;
    try {
      for (let end = 0;;) {
        const got = reader.read(this.#buffer.subarray(end));
        if (got === 0) return this.#buffer.subarray(0, end);
        end += got;
        if (end < this.#buffer.length) continue;
        const larger = new Uint8Array(end * 2);
        larger.set(this.#buffer);
        this.#buffer = larger;
      }
    } finally {
      reader.close();
    }
  }

  #scan(
    path: string,
    kind: SourceFile["kind"],
    algorithm: "sha1" | "sha256",
  ): { readonly found: FileImports; readonly digest: string } {
    const bytes = this.#read(`${this.#root}/${path}`, kind);
    const found = scanImports(bytes);
    // The bytes that were read are named, not those that were seen before: the file may change meanwhile.
    const digest = digestBytes(bytes, algorithm);
    const text = encodeImports(found);
    this.#used.set(digest, text);
    this.#fresh.push(lineOf(digest, text));
    this.#scanned++;
    return { found, digest };
  }
}

function tableOf(text: string): Map<string, string> {
  const table = new Map<string, string>();
  for (const line of text.split("\n")) {
    const tab = line.indexOf("\t");
    if (tab > 0) table.set(line.slice(0, tab), line.slice(tab + 1));
  }
  return table;
}

function lineOf(digest: string, text: string): string {
  return `${digest}\t${damageSum(text)}${text}\n`;
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
