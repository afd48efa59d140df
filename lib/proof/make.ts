import { joinNames } from "../git/names.ts";
import type { TreeEvidence } from "../git/tree.ts";
import {
  bulkLstat,
  leftAlone,
  LONG_NS,
  newStatRows,
  statKind,
  type StatRows,
} from "../sys/bulk_stat.ts";
import type { Files } from "../sys/sys.ts";
import type { Instead, Proof, ProofText, Restorable, Table } from "./proof.ts";
import { isSameAsRow } from "./same_stat.ts";
import { printOf } from "./verify.ts";
import type { Asked, Witness } from "./witness.ts";

export interface ProofParts {
  readonly files: Files;
  /** Absolute root of the repository. */
  readonly root: string;
  /** When the run started to look, in milliseconds since the epoch. */
  readonly startedMs: number;
  readonly evidence: TreeEvidence;
  /** Who saw what the run asked about other files than inputs. */
  readonly witnesses: readonly Witness[];
  /** Files that qik alone writes, each of them once: their stat is enough, however young they are. */
  readonly isOwn: (path: string) => boolean;
  /** Tasks that may be restored from the proof, by the number under which they asked the last witness. */
  readonly restorable: ReadonlyMap<number, Omit<Restorable, "rows">>;
  readonly text: Omit<
    ProofText,
    "root" | "algorithm" | "followed" | "real" | "links" | "restorable"
  >;
}

/** More content than this would be read again in vain. */
const MOST_UNSETTLED = 2000;

const maximum = (a: bigint, b: bigint) => a > b ? a : b;

/** Something changes right now, or was asked that cannot be checked later. */
class Unprovable extends Error {}

/** Puts a proof together; `undefined` where something cannot be proven. Cost: two lstats for each place. */
export function makeProof(parts: ProofParts): Proof | undefined {
  try {
    return new Making(parts).proof();
  } catch (error) {
    if (error instanceof Unprovable) return undefined;
    throw error;
  }
}

class Making {
  readonly #settledNs: bigint;
  readonly #followed: ProofText["followed"][number][] = [];
  readonly #real: ProofText["real"][number][] = [];
  readonly #links: ProofText["links"][number][] = [];
  readonly #restorable: Restorable[] = [];

  constructor(private readonly parts: ProofParts) {
    this.#settledNs = BigInt(parts.startedMs) * 1_000_000n;
  }

  proof(): Proof {
    const { root, evidence: { algorithm }, text } = this.parts;
    const [files, directories, places] = [this.#files(), this.#directories(), this.#places()];
    const elsewhere = { followed: this.#followed, real: this.#real, links: this.#links };
    const restorable = this.#restorable;
    const whole = { ...text, root, algorithm, restorable, ...elsewhere };
    return { text: whole, files, directories, places };
  }

  #files(): Table {
    const { states, rows, unsettled } = this.parts.evidence.files;
    if (unsettled.length > MOST_UNSETTLED) throw new Unprovable();
    const instead = unsettled.map((row): [number, Instead] => [row, ["blob", states[row]!.digest]]);
    const names = joinNames(states.map(({ path }) => path));
    return { names, rows, instead: new Map(instead), unsettled };
  }

  #directories(): Table {
    const { root, evidence: { directories, parents } } = this.parts;
    const paths = [...directories.map(({ path }) => path === "" ? "." : path), ...parents];
    const rows = rowsOf(root, paths);
    const instead = new Map<number, Instead>();
    const unsettled: number[] = [];
    for (let row = 0; row < paths.length; row++) {
      if (statKind(rows, row) !== "directory") throw new Unprovable();
      const known = directories[row];
      instead.set(row, known === undefined ? ["directory"] : ["names", known.names]);
      if (known !== undefined && !leftAlone(rows, row, known.readNs)) unsettled.push(row);
    }
    return { names: joinNames(paths), rows, instead, unsettled };
  }

  #places(): Table {
    const { root, witnesses, evidence: { rules, ignoredBy } } = this.parts;
    if (witnesses.some(({ doubts }) => doubts)) throw new Unprovable();
    // What two of them were asked stands there twice: both answers have to hold.
    const asked = witnesses.flatMap((witness) => [...witness.asked]);
    const ruled = [...rules.map((path) => `${root}/${path}`), ...ignoredBy];
    const paths = [...asked.map(([path]) => path), ...ruled];
    const rows = rowsOf("", paths.map((path) => path.slice(1)));
    const kept: Place[] = [];
    for (const [row, path] of paths.entries()) {
      const answers = asked[row]?.[1];
      const place = answers === undefined
        ? this.#ruled(path, rows, row)
        : this.#place(path, answers, rows, row);
      if (place !== undefined) kept.push({ ...place, path, row });
    }
    this.#findRestorable(kept, asked.length);
    return tableOf(kept, rows);
  }

  /** A path that anything else asked about, too, is nobody's: what would follow from its loss is not known. */
  #findRestorable(kept: readonly Place[], asked: number): void {
    const { root, restorable, witnesses } = this.parts;
    const { askers, asked: { size } } = witnesses.at(-1)!;
    const rows = new Map<number, number[]>([...restorable.keys()].map((asker) => [asker, []]));
    for (const [at, { path, row }] of kept.entries()) {
      const isLast = row >= asked - size && row < asked;
      const by = isLast && isOfTheTree(root, path) ? askers.get(path) ?? [] : [];
      if (by.every((asker) => rows.has(asker))) by.forEach((asker) => rows.get(asker)!.push(at));
    }
    for (const [asker, one] of restorable) {
      this.#restorable.push({ ...one, rows: rows.get(asker)! });
    }
  }

  /** Ignore rules were read by git: only if they are old is it known what it read. */
  #ruled(path: string, rows: StatRows, row: number): Kept {
    if (statKind(rows, row) === "symlink") {
      const stat = this.parts.files.stat(path);
      const youngest = stat === undefined ? 0n : maximum(stat.mtimeNs, stat.ctimeNs);
      if (youngest > this.#settledNs - LONG_NS) throw new Unprovable();
      this.#followed.push([path, "stat", printOf(stat)]);
      return {};
    }
    const isAbsent = statKind(rows, row) === "none";
    if (!isAbsent && !leftAlone(rows, row, this.#settledNs)) throw new Unprovable();
    return {};
  }

  #place(path: string, asked: Asked, rows: StatRows, row: number): Kept | undefined {
    if (asked.real !== undefined) this.#real.push([path, asked.real]);
    if (asked.link !== undefined) this.#links.push([path, asked.link]);
    const isLink = statKind(rows, row) === "symlink";
    if (asked.lstat !== undefined && !isSameAsRow(asked.lstat, rows, row)) throw new Unprovable();
    if (isLink) this.#follow(path, asked);
    const { lstat, stat, content, names } = asked;
    if (isLink) return lstat === undefined ? undefined : {};
    if (stat !== undefined && !isSameAsRow(stat, rows, row)) throw new Unprovable();
    if (content !== undefined) return this.#content(path, content, rows, row);
    if (names !== undefined) return this.#names(names, rows, row);
    if (lstat === undefined && stat === undefined) return undefined;
    return statKind(rows, row) === "directory" ? { instead: ["directory"] } : {};
  }

  /** What lies behind a symlink is asked again each time, in full. */
  #follow(path: string, { stat, content, names }: Asked): void {
    if (names !== undefined || typeof content === "function") throw new Unprovable();
    const { files } = this.parts;
    if (stat !== undefined) {
      if (printOf(files.stat(path)) !== printOf(stat ?? undefined)) throw new Unprovable();
      this.#followed.push([path, "stat", printOf(stat ?? undefined)]);
    }
    if (content !== undefined) this.#followed.push([path, "content", content ?? ""]);
  }

  #content(path: string, content: Asked["content"], rows: StatRows, row: number): Kept {
    const isAbsent = statKind(rows, row) === "none";
    if ((content === null) !== isAbsent) throw new Unprovable();
    if (content === null || this.parts.isOwn(path)) return {};
    if (typeof content === "function" && leftAlone(rows, row, this.#settledNs)) return {};
    const digest = typeof content === "function" ? content() : content;
    if (digest === undefined) throw new Unprovable();
    return { instead: ["content", digest], unsettled: !leftAlone(rows, row, this.#settledNs) };
  }

  #names(names: string | null, rows: StatRows, row: number): Kept {
    if ((names === null) !== (statKind(rows, row) === "none")) throw new Unprovable();
    if (names === null) return {};
    return { instead: ["names", names], unsettled: !leftAlone(rows, row, this.#settledNs) };
  }
}

/** Whether artifacts may lie there: not in what qik keeps for itself. */
function isOfTheTree(root: string, path: string): boolean {
  if (path !== root && !path.startsWith(`${root}/`)) return false;
  const [first, second] = path.slice(root.length + 1).split("/");
  return (first !== "._qik" && first !== ".qik") || second === "artifacts";
}

/** What there is to say about a place beside its row. */
interface Kept {
  readonly instead?: Instead;
  readonly unsettled?: boolean;
}

interface Place extends Kept {
  readonly path: string;
  readonly row: number;
}

function tableOf(places: readonly Place[], from: StatRows): Table {
  const rows = newStatRows(places.length);
  const instead = new Map<number, Instead>();
  const unsettled: number[] = [];
  const words = rows.words.length / Math.max(1, places.length);
  for (const [at, place] of places.entries()) {
    rows.words.set(from.words.subarray(place.row * words, (place.row + 1) * words), at * words);
    if (place.instead !== undefined) instead.set(at, place.instead);
    if (place.unsettled === true) unsettled.push(at);
  }
  return { names: joinNames(places.map(({ path }) => path.slice(1))), rows, instead, unsettled };
}

function rowsOf(root: string, paths: readonly string[]): StatRows {
  const rows = newStatRows(paths.length);
  if (bulkLstat(root, paths, rows).length > 0) throw new Unprovable();
  return rows;
}
