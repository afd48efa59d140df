import { newStatRows, STAT_ROW_BYTES, statKind, type StatRows } from "../sys/bulk_stat.ts";
import { encodeName } from "../base/bytes.ts";
import { damageSum, sha256 } from "../sys/digest.ts";
import type { Files } from "../sys/sys.ts";
import { joinNames, splitNames } from "./names.ts";
import type { ReadDirectory } from "./rescan.ts";

/**
 * What an earlier run knew about files beside the index: all directories that may hold inputs as they were read, what
 * git listed and ignored in them, and all that its judgements rest on.
 *
 * Each directory proves itself by its row, so that those of later and earlier readings may stand side by side.
 */
export interface ListingMemo {
  /** See `IgnoreSettings`. */
  readonly settings: string;
  /** What the index file was, where an equal one proves that it has the same names; else "". */
  readonly index: string;
  /** Digest of the names in the index. */
  readonly tracked: string;
  /** Each parent before what is in it. Rows of zeros prove nothing. */
  readonly directories: readonly (readonly [path: string, directory: ReadDirectory])[];
  /** Files with ignore rules below the root, as rows, and digests of what they hold. */
  readonly rules: readonly string[];
  readonly ruleRows: StatRows;
  readonly ruleDigests: readonly string[];
  /** Files beside the index, in code-unit order. */
  readonly others: readonly string[];
}

/**
 * Layout, in this machine's byte order, every part but the last aligned to 8 bytes:
 *
 * ```text
 * 32-bit words: sum of the rest, mark, version, directories, rules, others, bytes of text, 0
 * directories × 56 bytes, rules × 56 bytes: stat rows
 * directories × 8 bytes: when each was read
 * text: names and digests, each ended by NUL
 * ```
 */
const MARK = 0x71696b6c;
const VERSION = 2;
const HEADER_BYTES = 32;
const SUMMED_FROM = 4;
/** Texts before those of the directories. */
const GENERAL = 3;
/** Texts of a directory and of a file with rules. */
const [OF_DIRECTORY, OF_RULES] = [3, 2];

/** Bytes of a memo. */
export function encodeListing(memo: ListingMemo): Uint8Array {
  const { directories, rules, ruleRows, ruleDigests, others } = memo;
  const text = joinNames([
    memo.settings,
    memo.index,
    memo.tracked,
    ...directories.flatMap(([path, { names, ignored }]) => [path, names, `${ignored.length}`]),
    ...rules.flatMap((path, at) => [path, ruleDigests[at]!]),
    ...others,
    ...directories.flatMap(([, { ignored }]) => ignored),
  ]);
  const [rulesAt, timesAt, textAt] = placesOf(directories.length, rules.length);
  const bytes = new Uint8Array(textAt + text.length);
  const rows = newStatRows(directories.length, bytes.buffer, HEADER_BYTES);
  const times = new BigInt64Array(bytes.buffer, timesAt, directories.length);
  directories.forEach(([, { row, readNs }], at) => {
    if (row !== undefined) rows.words.set(row.words, at * STAT_ROW_BYTES / 4);
    times[at] = readNs;
  });
  newStatRows(rules.length, bytes.buffer, rulesAt).words.set(ruleRows.words);
  bytes.set(text, textAt);
  new Uint32Array(bytes.buffer, 0, HEADER_BYTES / 4)
    .set([0, MARK, VERSION, directories.length, rules.length, others.length, text.length]);
  new Uint32Array(bytes.buffer, 0, 1)[0] = damageSum(bytes.subarray(SUMMED_FROM));
  return bytes;
}

function placesOf(directories: number, rules: number): readonly [number, number, number] {
  const rulesAt = HEADER_BYTES + directories * STAT_ROW_BYTES;
  const timesAt = rulesAt + rules * STAT_ROW_BYTES;
  return [rulesAt, timesAt, timesAt + directories * 8];
}

/** Reads a memo; `undefined` where it is missing, damaged or of another version. */
export function readListing(files: Files, path: string): ListingMemo | undefined {
  try {
    const bytes = files.read(path);
    return bytes && decodeListing(bytes);
  } catch {
    // It only saves time: git is asked instead.
    return undefined;
  }
}

function decodeListing(read: Uint8Array): ListingMemo | undefined {
  // A buffer of its own, because rows must start at a multiple of 8 bytes.
  const bytes = read.byteOffset % 8 === 0 ? read : read.slice();
  if (bytes.length < HEADER_BYTES) return undefined;
  const buffer = bytes.buffer as ArrayBuffer;
  const header = new Uint32Array(buffer, bytes.byteOffset, HEADER_BYTES / 4);
  const [sum, mark, version, directories, rules, others, length] = header as unknown as number[];
  if (mark !== MARK || version !== VERSION) return undefined;
  const [rulesAt, timesAt, textAt] = placesOf(directories!, rules!);
  if (bytes.length !== textAt + length!) return undefined;
  if (damageSum(bytes.subarray(SUMMED_FROM)) !== sum) return undefined;
  const texts = splitNames(bytes.subarray(textAt));
  const ruledAt = GENERAL + directories! * OF_DIRECTORY;
  const othersAt = ruledAt + rules! * OF_RULES;
  const ruled = Array.from({ length: rules! }, (_, at) => ruledAt + at * OF_RULES);
  const times = new BigInt64Array(buffer, bytes.byteOffset + timesAt, directories);
  let ignoredAt = othersAt + others!;
  return {
    settings: texts[0]!,
    index: texts[1]!,
    tracked: texts[2]!,
    directories: Array.from({ length: directories! }, (_, at) => {
      const first = GENERAL + at * OF_DIRECTORY;
      const one = newStatRows(1, buffer, bytes.byteOffset + HEADER_BYTES + at * STAT_ROW_BYTES);
      const row = statKind(one, 0) === "none" ? undefined : one;
      const ignored = texts.slice(ignoredAt, ignoredAt += Number(texts[first + 2]));
      return [texts[first]!, { row, names: texts[first + 1]!, readNs: times[at]!, ignored }];
    }),
    rules: ruled.map((at) => texts[at]!),
    ruleDigests: ruled.map((at) => texts[at + 1]!),
    ruleRows: newStatRows(rules!, buffer, bytes.byteOffset + rulesAt),
    others: texts.slice(othersAt, othersAt + others!),
  };
}

/** Digest of names, which tells whether any of them came or went. */
export function digestOfNames(text: string): string {
  return sha256(encodeName(text));
}
