import { readFileSync } from "node:fs";
import process from "node:process";

/** What runtimes put in place of bytes that are not UTF-8. */
const LOST = "\uFFFD";
const NUL = 0;

/**
 * The bytes of our own last arguments. Runtimes hand them out as text, and what is not UTF-8 is lost in it; Linux
 * still knows it.
 *
 * @param args The words that our own command line ends with.
 */
export function exactArguments(args: readonly string[]): readonly Uint8Array[] {
  const own = args.some(isLossy) ? wordsIn("/proc/self/cmdline").slice(-args.length) : [];
  return args.map((text, at) => sameText(text, own[at]) ? own[at]! : encode(text));
}

/**
 * The bytes of variables, `NAME=value` each. Those that stand like this in our own environment are as they are there,
 * and those that the runtime does not show at all (Deno) come with them.
 */
export function exactVariables(variables: readonly string[]): readonly Uint8Array[] {
  const own = wordsIn("/proc/self/environ").filter((bytes) => isLossy(decode(bytes)));
  const nameOf = (text: string) => text.slice(0, text.indexOf("=", 1));
  // Deno throws where such a variable is asked for by its name.
  const shown = new Set([...variables.map(nameOf), ...Object.keys(process.env)]);
  const unseen = own.filter((bytes) => !shown.has(nameOf(decode(bytes))));
  const exact = variables.map((text) => own.find((bytes) => sameText(text, bytes)) ?? encode(text));
  return [...exact, ...unseen];
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function isLossy(text: string): boolean {
  return text.includes(LOST);
}

function sameText(text: string, bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && isLossy(text) && decode(bytes) === text;
}

/** Nothing on other systems. */
function wordsIn(path: string): Uint8Array[] {
  if (process.platform !== "linux") return [];
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch {
    // A system without /proc: what is lost stays lost.
    return [];
  }
  const words: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(NUL, at);
    words.push(bytes.subarray(at, end === -1 ? bytes.length : end));
    if (end === -1) break;
    at = end + 1;
  }
  return words;
}
