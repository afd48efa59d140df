/** Character classes as git defines them, whatever the locale: bytes above 127 are in none. */

/** A byte of a name. */
export type Ascii = number;

type Test = (byte: Ascii) => boolean;

export function isUpper(byte: Ascii): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

const isLower: Test = (byte) => byte >= 0x61 && byte <= 0x7a;
const isDigit: Test = (byte) => byte >= 0x30 && byte <= 0x39;
const isAlpha: Test = (byte) => isUpper(byte) || isLower(byte);
const isPrint: Test = (byte) => byte >= 0x20 && byte <= 0x7e;
// git's own table: vertical tab and form feed are not space.
const isSpace: Test = (byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;

const CLASSES: Readonly<Record<string, Test>> = {
  alnum: (byte) => isAlpha(byte) || isDigit(byte),
  alpha: isAlpha,
  blank: (byte) => byte === 0x20 || byte === 0x09,
  cntrl: (byte) => byte < 0x20 || byte === 0x7f,
  digit: isDigit,
  graph: (byte) => isPrint(byte) && byte !== 0x20,
  lower: isLower,
  print: isPrint,
  punct: (byte) => isPrint(byte) && byte !== 0x20 && !isAlpha(byte) && !isDigit(byte),
  space: isSpace,
  upper: isUpper,
  xdigit: (byte) =>
    isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66),
};

/** The small letter of a capital one; any other byte as it is. */
export function lower(byte: Ascii): Ascii {
  return isUpper(byte) ? byte + 0x20 : byte;
}

/** ASCII capitals of a text as small letters; all else untouched. */
export function lowerText(text: string): string {
  return text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
}

/** The test of a class name such as `alpha`; `undefined` for an unknown one. */
export function asciiIs(name: string, casefold: boolean): Test | undefined {
  const test = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
  return name === "upper" && casefold ? (byte) => isUpper(byte) || isLower(byte) : test;
}
