/** Which encoding a source file is in: byte order mark, PEP 263's comment, UTF-8. */
import * as letter from "./letters.ts";

const DECLARED = /^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)/;
const BLANK = /^[ \t\f]*(?:#.*)?$/;
/** What the first line begins with where it is blank or a comment. */
const MAY_BEGIN: ReadonlySet<number | undefined> = new Set([
  letter.HASH,
  letter.SPACE,
  letter.TAB,
  letter.FORM_FEED,
  letter.NEWLINE,
  letter.RETURN,
]);
/**
 * Encodings that Python knows and the decoder does not, and in which ASCII is ASCII: all else is read as some letter
 * or other, for few names of modules are written in it.
 */
const LIKE_ASCII = new RegExp(
  "^(cp(437|720|737|775|85[025678]|86[01235]|869|1006|1125|1361)|johab|palmos|ptcp154|tis-620|" +
    "hp-roman8|kz1048|koi8-t|big5hkscs|euc-jis-2004|euc-jisx0213|iso2022-jp.*|iso-2022-jp-.+|" +
    "mac-.+|raw-unicode-escape|unicode-escape|utf-?7|u7)$",
);
/** Enough for two lines of comments; Python reads no further either. */
const HEAD_BYTES = 1024;

/** Names that Python knows and the decoder spells differently. Both ignore case; `_` is `-`. */
const SPELLINGS: Readonly<Record<string, string>> = {
  "latin": "latin1",
  "latin-1": "latin1",
  "l1": "latin1",
  "iso-latin-1": "latin1",
  "euc-kr": "euc-kr",
  "cp949": "euc-kr",
  "uhc": "euc-kr",
  "cp932": "shift_jis",
  "shift-jis": "shift_jis",
  "sjis": "shift_jis",
  "cp936": "gbk",
  "gb2312": "gb2312",
  "mac-roman": "macintosh",
  "koi8-r": "koi8-r",
};

export interface Decoded {
  /** The text in UTF-8, without a byte order mark. */
  readonly source: Uint8Array;
  /** Why the file cannot be read as its encoding; its bytes are then taken as they are. */
  readonly flaw?: string;
}

/**
 * Brings a source file into UTF-8.
 *
 * @param bytes The whole file. They are handed on, not copied, where they are in UTF-8 already.
 */
export function decodeSource(bytes: Uint8Array): Decoded {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const source = marked ? bytes.subarray(3) : bytes;
  const declared = declaredEncoding(source);
  if (declared === undefined) return { source };
  const name = declared.toLowerCase().replaceAll("_", "-");
  if (/^(us-)?ascii$/.test(name) && source.some((byte) => byte >= 0x80)) {
    return { source, flaw: "bytes that are not ASCII, which the file says it is" };
  }
  if (/^(utf-?8(-sig|-unix|-dos|-mac)?|us-ascii|ascii|u8|cp65001)$/.test(name)) return { source };
  if (marked) return { source, flaw: `encoding "${declared}" after a UTF-8 byte order mark` };
  const decoder = decoderOf(LIKE_ASCII.test(name) ? "latin1" : name);
  if (decoder === undefined) return { source, flaw: `unknown encoding "${declared}"` };
  return { source: new TextEncoder().encode(decoder.decode(source)) };
}

function declaredEncoding(source: Uint8Array): string | undefined {
  // Nearly every file has none: the second line counts only where the first is blank or a comment.
  if (!MAY_BEGIN.has(source[0])) return undefined;
  let at = 0;
  for (let line = 0; line < 2 && at < source.length; line++) {
    const end = Math.min(letter.lineEnd(source, at), at + HEAD_BYTES);
    const text = String.fromCharCode(...source.subarray(at, end));
    const found = DECLARED.exec(text)?.[1];
    if (found !== undefined) return found;
    if (!BLANK.test(text)) return undefined;
    at = letter.afterLineEnd(source, end);
  }
  return undefined;
}

function decoderOf(name: string): TextDecoder | undefined {
  for (const label of [SPELLINGS[name], name, name.replace(/^cp-?/, "windows-")]) {
    if (label === undefined || /^utf|^unicode/.test(label)) continue;
    try {
      return new TextDecoder(label);
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    }
  }
  return undefined;
}
