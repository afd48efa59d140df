import { newStatRows, STAT_ROW_BYTES, type StatRows } from "../sys/bulk_stat.ts";
import { damageSum } from "../sys/digest.ts";
import type { Proof, ProofText, Table } from "./proof.ts";

/**
 * Layout of a proof, in this machine's byte order, every part aligned to 8 bytes:
 *
 * ```text
 * 32-bit words: mark, version, bytes of text, sum of all that follows, and of each table rows and bytes of names
 * for each table its rows (56 bytes each) and its names, each ended by NUL
 * text: JSON
 * ```
 */
const MARK = 0x71696b70;
const VERSION = 2;
const TABLES = ["files", "directories", "places"] as const;
const HEADER_WORDS = 4 + 2 * TABLES.length;
const HEADER_BYTES = HEADER_WORDS * 4;

type Loose = Record<typeof TABLES[number], Pick<Table, "instead" | "unsettled">>;

/** Bytes of a proof. */
export function encodeProof({ text, ...tables }: Proof): Uint8Array {
  const loose = Object.fromEntries(
    TABLES.map((name) => {
      const { instead, unsettled } = tables[name];
      return [name, { instead: [...instead], unsettled }];
    }),
  );
  const json = new TextEncoder().encode(JSON.stringify({ text, loose }));
  const sizes = TABLES.map((name) => sizeOf(tables[name].rows.count, tables[name].names.length));
  const bytes = new Uint8Array(
    HEADER_BYTES + sizes.reduce((sum, size) => sum + size) + json.length,
  );
  let at = HEADER_BYTES;
  for (const [place, name] of TABLES.entries()) {
    const { rows, names } = tables[name];
    newStatRows(rows.count, bytes.buffer, at).words.set(rows.words.subarray(0, wordsOf(rows)));
    bytes.set(names, at + rows.count * STAT_ROW_BYTES);
    at += sizes[place]!;
  }
  bytes.set(json, at);
  const header = new Uint32Array(bytes.buffer, 0, HEADER_WORDS);
  header.set([MARK, VERSION, json.length, damageSum(bytes.subarray(HEADER_BYTES))]);
  TABLES.forEach((name, place) => {
    header.set([tables[name].rows.count, tables[name].names.length], 4 + 2 * place);
  });
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
  if (mark !== MARK || version !== VERSION) return undefined;
  const sizes = TABLES.map((_, place) => sizeOf(header[4 + 2 * place]!, header[5 + 2 * place]!));
  const textAt = HEADER_BYTES + sizes.reduce((all, size) => all + size);
  if (bytes.length !== textAt + textBytes!) return undefined;
  if (damageSum(bytes.subarray(HEADER_BYTES)) !== sum) return undefined;
  const json = JSON.parse(new TextDecoder().decode(bytes.subarray(textAt))) as {
    readonly text: ProofText;
    readonly loose: Loose;
  };
  let at = HEADER_BYTES;
  const [files, directories, places] = TABLES.map((name, place): Table => {
    const [count, nameBytes] = [header[4 + 2 * place]!, header[5 + 2 * place]!];
    const rows = newStatRows(count, buffer, bytes.byteOffset + at);
    const namesAt = at + count * STAT_ROW_BYTES;
    const names = bytes.subarray(namesAt, namesAt + nameBytes);
    at += sizes[place]!;
    const { instead, unsettled } = json.loose[name];
    return { rows, names, instead: new Map(instead), unsettled };
  });
  return { text: json.text, files: files!, directories: directories!, places: places! };
}
