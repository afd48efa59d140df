import type { Ending } from "../events/events.ts";

/** Environment variables by name. */
export type Env = Readonly<Record<string, string | undefined>>;

/** How text for people looks: which words mark an ending, and what a colour does to a text. */
export interface Style {
  readonly colour: boolean;
  readonly emoji: boolean;
  /** The mark of an ending, or of a running task, with its colour: an icon, or a word of seven letters' width. */
  mark(of: Ending | "running"): string;
  paint(text: string, ...looks: readonly Look[]): string;
}

export type Look = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

// Six pairs of codes: less than any library, and nothing to load on the warm path.
const CODES: Readonly<Record<Look, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

interface Mark {
  readonly icon: string;
  readonly word: string;
  readonly look: Look;
}

const MARKS: Readonly<Record<Ending | "running", Mark>> = {
  hit: { icon: "⏩", word: "cached", look: "cyan" },
  running: { icon: "🚧", word: "running", look: "yellow" },
  ran: { icon: "✅", word: "ok", look: "green" },
  failed: { icon: "💔", word: "failed", look: "red" },
  skipped: { icon: "➖", word: "skipped", look: "yellow" },
  cancelled: { icon: "➖", word: "stopped", look: "yellow" },
};

/**
 * Whether a stream gets colours.
 *
 * `NO_COLOR` (not empty) wins over everything; then `FORCE_COLOR` and `CLICOLOR_FORCE`, whose `0` means off
 * and on no opinion; then `CLICOLOR=0` and `TERM=dumb` say no; what is left is whether it is a terminal.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { wantsColour } from "./style.ts";
 * assert.equal(wantsColour(true, { TERM: "xterm" }), true);
 * assert.equal(wantsColour(true, { TERM: "xterm", NO_COLOR: "1" }), false);
 * assert.equal(wantsColour(false, { FORCE_COLOR: "1" }), true);
 * ```
 */
export function wantsColour(isTerminal: boolean, env: Env): boolean {
  if (isSet(env["NO_COLOR"])) return false;
  const force = env["FORCE_COLOR"];
  if (force !== undefined) return force !== "0" && force !== "false";
  if (isSet(env["CLICOLOR_FORCE"]) && env["CLICOLOR_FORCE"] !== "0") return true;
  if (env["CLICOLOR"] === "0" || env["TERM"] === "dumb") return false;
  return isTerminal;
}

/** Whether emoji can be shown: not on dumb terminals, nor on the Linux console, whose font has none. */
export function wantsEmoji(noEmoji: boolean, env: Env): boolean {
  return !noEmoji && env["TERM"] !== "dumb" && env["TERM"] !== "linux";
}

/**
 * Whether a screen that is redrawn makes sense: a terminal that can move its cursor, and nobody's log.
 * Some CI systems give their jobs a pseudo-terminal but show its bytes as lines.
 */
export function wantsLive(isTerminal: boolean, env: Env): boolean {
  return isTerminal && env["TERM"] !== "dumb" && !runsInCi(env);
}

/** Whether a CI system runs qik, by the variable that nearly all of them set. */
export function runsInCi(env: Env): boolean {
  const names = ["CI", "GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"];
  return names.some((name) => isSet(env[name]) && env[name] !== "false" && env[name] !== "0");
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}

/**
 * Makes a style.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createStyle } from "./style.ts";
 * const plain = createStyle({ colour: false, emoji: false });
 * assert.equal(plain.mark("hit"), "cached ");
 * assert.equal(createStyle({ colour: false, emoji: true }).mark("hit"), "⏩");
 * assert.equal(createStyle({ colour: true, emoji: true }).paint("a", "red"), "\x1b[31ma\x1b[39m");
 * ```
 */
export function createStyle({ colour, emoji }: { colour: boolean; emoji: boolean }): Style {
  const paint = (text: string, ...looks: readonly Look[]) =>
    !colour || text === "" ? text : looks.reduce(
      (inner, look) => `\x1b[${CODES[look][0]}m${inner}\x1b[${CODES[look][1]}m`,
      text,
    );
  return {
    colour,
    emoji,
    paint,
    mark(of) {
      const { icon, word, look } = MARKS[of];
      return emoji ? icon : paint(word.padEnd(7), look);
    },
  };
}
