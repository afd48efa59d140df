import { Buffer } from "node:buffer";
import { damageSum } from "../sys/digest.ts";
import type { Files } from "../sys/sys.ts";
import type { IndexEntries } from "./index_file.ts";
import { joinNames, NOT_ASCII, splitNames } from "./names.ts";

/** Entries that were read before, and of which index. */
export interface IndexMemo {
  /** Checksum at the end of the index file, and the root below the top of the repository. */
  readonly seal: string;
  readonly entries: IndexEntries;
}

/**
 * Layout, in this machine's byte order, every part aligned to 4 bytes:
 *
 * ```text
 * 32-bit words: sum of the rest, mark, version, entries, links, modules, flags, bytes of text
 * entries × 4 bytes: where each starts
 * text: seal, links, submodules and their commits in turn, names, each ended by NUL
 * ```
 */
const MARK = 0x71696b69;
const VERSION = 1;
const HEADER_BYTES = 32;
const SUMMED_FROM = 4;

/** Flags: see `IndexFile`; and that each byte of the text is a character. */
const [SKIPS_RULES, ASCII] = [1, 2];

/** With fewer names the index itself is read faster than one more file. */
export const FEW_NAMES = 64;

/** Bytes of a memo. */
export function encodeIndexMemo({ seal, entries }: IndexMemo): Uint8Array {
  const { paths, starts, links, modules, skipsRules } = entries;
  const text = joinNames([seal, ...links, ...[...modules].flat(), ...paths]);
  const textAt = HEADER_BYTES + starts.length * 4;
  const bytes = new Uint8Array(textAt + text.length);
  new Uint32Array(bytes.buffer, HEADER_BYTES, starts.length).set(starts);
  bytes.set(text, textAt);
  // The names at once: asking each byte takes 4 ms where there are 5,000 names.
  const isAscii = !NOT_ASCII.test(seal) && !NOT_ASCII.test(entries.text);
  const flags = (skipsRules ? SKIPS_RULES : 0) | (isAscii ? ASCII : 0);
  const counts = [paths.length, links.length, modules.size, flags, text.length];
  new Uint32Array(bytes.buffer, 0, HEADER_BYTES / 4)
    .set([0, MARK, VERSION, ...counts]);
  new Uint32Array(bytes.buffer, 0, 1)[0] = damageSum(bytes.subarray(SUMMED_FROM));
  return bytes;
}

/** Reads the entries of an index with this seal; `undefined` where others, or none, are remembered. */
export function readIndexMemo(files: Files, path: string, seal: string): IndexEntries | undefined {
  try {
    const bytes = files.read(path);
    return bytes && decode(bytes, seal);
  } catch {
    // It only saves time.
    return undefined;
  }
}

function decode(read: Uint8Array, seal: string): IndexEntries | undefined {
  // A buffer of its own, because words must start at a multiple of 4 bytes.
  const bytes = read.byteOffset % 4 === 0 ? read : read.slice();
  if (bytes.length < HEADER_BYTES) return undefined;
  const buffer = bytes.buffer as ArrayBuffer;
  const header = new Uint32Array(buffer, bytes.byteOffset, HEADER_BYTES / 4);
  const [sum, mark, version, count, links, modules, flags, length] = header as unknown as number[];
  if (mark !== MARK || version !== VERSION) return undefined;
  const textAt = HEADER_BYTES + count! * 4;
  if (bytes.length !== textAt + length!) return undefined;
  if (damageSum(bytes.subarray(SUMMED_FROM)) !== sum) return undefined;
  const whole = (flags! & ASCII) === 0
    ? `${splitNames(bytes.subarray(textAt)).join("\0")}\0`
    // Without a look at each byte.
    : Buffer.from(buffer, bytes.byteOffset + textAt, length).toString("latin1");
  const texts = whole.split("\0");
  texts.pop();
  const modulesAt = 1 + links!;
  const pathsAt = modulesAt + 2 * modules!;
  if (texts[0] !== seal || texts.length !== pathsAt + count!) return undefined;
  const others = texts.slice(0, pathsAt);
  const pairs = Array.from(
    { length: modules! },
    (_, at) => [texts[modulesAt + 2 * at]!, texts[modulesAt + 2 * at + 1]!] as const,
  );
  return {
    paths: texts.slice(pathsAt),
    // A part of the text that the names are parts of: nothing is copied.
    text: whole.slice(others.join("\0").length),
    starts: new Uint32Array(buffer, bytes.byteOffset + HEADER_BYTES, count),
    links: texts.slice(1, modulesAt),
    modules: new Map(pairs),
    skipsRules: (flags! & SKIPS_RULES) !== 0,
  };
}
