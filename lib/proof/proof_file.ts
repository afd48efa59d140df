import { newStatRows, STAT_ROW_BYTES, type StatRows } from "../sys/bulk_stat.ts";
import { damageSum } from "../sys/digest.ts";
import type { Instead, Proof, ProofText, Table } from "./proof.ts";

/**
 * Layout of a proof, in this machine's byte order, every part aligned to 8 bytes:
 *
 * ```text
 * 32-bit words: mark, version, bytes of text, sum of all that follows, of each table rows and bytes of names,
 * bytes of what stands instead of rows, and 0
 * for each table its rows (56 bytes each) and its names, each ended by NUL
 * text: JSON
 * what stands instead of rows: JSON, read only where a row does not hold
 * ```
 */
const MARK = 0x71696b70;
const VERSION = 3;
const TABLES = ["files", "directories", "places"] as const;
const INSTEAD_WORD = 4 + 2 * TABLES.length;
const HEADER_WORDS = INSTEAD_WORD + 2;
const HEADER_BYTES = HEADER_WORDS * 4;

type Unsettled = Record<typeof TABLES[number], readonly number[]>;
type Insteads = Record<typeof TABLES[number], readonly (readonly [number, Instead])[]>;

/** Bytes of a proof. */
export function encodeProof({ text, ...tables }: Proof): Uint8Array {
  const unsettled = Object.fromEntries(TABLES.map((name) => [name, tables[name].unsettled]));
  const instead = Object.fromEntries(TABLES.map((name) => [name, [...tables[name].instead]]));
  const json = new TextEncoder().encode(JSON.stringify({ text, unsettled }));
  const insteadJson = new TextEncoder().encode(JSON.stringify(instead));
  const sizes = TABLES.map((name) => sizeOf(tables[name].rows.count, tables[name].names.length));
  const bytes = new Uint8Array(
    HEADER_BYTES + sizes.reduce((sum, size) => sum + size) + json.length + insteadJson.length,
  );
  let at = HEADER_BYTES;
  for (const [place, name] of TABLES.entries()) {
    const { rows, names } = tables[name];
    newStatRows(rows.count, bytes.buffer, at).words.set(rows.words.subarray(0, wordsOf(rows)));
    bytes.set(names, at + rows.count * STAT_ROW_BYTES);
    at += sizes[place]!;
  }
  bytes.set(json, at);
  bytes.set(insteadJson, at + json.length);
  const header = new Uint32Array(bytes.buffer, 0, HEADER_WORDS);
  header.set([MARK, VERSION, json.length, damageSum(bytes.subarray(HEADER_BYTES))]);
  TABLES.forEach((name, place) => {
    header.set([tables[name].rows.count, tables[name].names.length], 4 + 2 * place);
  });
  header[INSTEAD_WORD] = insteadJson.length;
  return bytes;
}

function wordsOf(rows: StatRows): number {
  return rows.count * STAT_ROW_BYTES / 4;
}

function sizeOf(count: number, nameBytes: number): number {
  return Math.ceil((count * STAT_ROW_BYTES + nameBytes) / 8) * 8;
}

/** Reads a proof; `undefined` where it is damaged or of another version. */
export function decodeProof(read: Uint8Array): Proof | undefined {
  // A buffer of its own, because rows must start at a multiple of 4 bytes.
  const bytes = read.byteOffset % 8 === 0 ? read : read.slice();
  if (bytes.length < HEADER_BYTES) return undefined;
  const buffer = bytes.buffer as ArrayBuffer;
  const header = new Uint32Array(buffer, bytes.byteOffset, HEADER_WORDS);
  const [mark, version, textBytes, sum] = header as unknown as number[];
  if (mark !== MARK || version !== VERSION || header[HEADER_WORDS - 1] !== 0) return undefined;
  const sizes = TABLES.map((_, place) => sizeOf(header[4 + 2 * place]!, header[5 + 2 * place]!));
  const textAt = HEADER_BYTES + sizes.reduce((all, size) => all + size);
  const insteadAt = textAt + textBytes!;
  if (bytes.length !== insteadAt + header[INSTEAD_WORD]!) return undefined;
  if (damageSum(bytes.subarray(HEADER_BYTES)) !== sum) return undefined;
  const parsed = (from: number, to?: number) =>
    JSON.parse(new TextDecoder().decode(bytes.subarray(from, to)));
  const { text, unsettled } = parsed(textAt, insteadAt) as {
    readonly text: ProofText;
    readonly unsettled: Unsettled;
  };
  let insteads: Insteads | undefined;
  let at = HEADER_BYTES;
  const [files, directories, places] = TABLES.map((name, place): Table => {
    const [count, nameBytes] = [header[4 + 2 * place]!, header[5 + 2 * place]!];
    const rows = newStatRows(count, buffer, bytes.byteOffset + at);
    const namesAt = at + count * STAT_ROW_BYTES;
    const names = bytes.subarray(namesAt, namesAt + nameBytes);
    at += sizes[place]!;
    let instead: Table["instead"] | undefined;
    return {
      rows,
      names,
      unsettled: unsettled[name],
      get instead() {
        insteads ??= parsed(insteadAt) as Insteads;
        return instead ??= new Map(insteads[name]);
      },
    };
  });
  return { text, files: files!, directories: directories!, places: places! };
}
