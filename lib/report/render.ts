import { oneLine } from "../base/one_line.ts";
import { formatDuration } from "../base/duration.ts";
import { columnsOf, cut, fill, type Width } from "./fit.ts";
import type { Style } from "./style.ts";
import type { RunningTask, View } from "./view.ts";

/**
 * Draws a view as lines, none wider than `columns` - 1 (a full line would make some terminals wrap) and
 * together at most `rows` - 1. The last line is the sum of all.
 */
export function render(
  view: View,
  { columns, rows }: { readonly columns: number; readonly rows: number },
  style: Style,
  width: Width,
): string[] {
  const wide = Math.max(1, columns - 1);
  const room = Math.max(1, rows - 1);
  const sum = sumLine(view, wide, style, width);
  if (room === 1) return [sum];
  const tasks = runningLines(view.running, room >= 4 ? room - 2 : room - 1, wide, style, width);
  return room >= 4 ? [commandsLine(view, wide, style, width), ...tasks, sum] : [...tasks, sum];
}

/**
 * Pieces one after the other while they fit. The first that does not is left out, or cut where it is the first of all or
 * `mayCut`; always before it is painted.
 */
function join(
  pieces: readonly Piece[],
  wide: number,
  separator: string,
  width: Width,
  mayCut: boolean,
): string {
  let line = "";
  let taken = 0;
  for (const [index, { text, paint }] of pieces.entries()) {
    const lead = index === 0 ? "" : separator;
    const room = wide - taken - lead.length;
    const shown = cut(text, room, width);
    if (index > 0 && (room < 2 || shown !== text && !mayCut)) break;
    line += lead + paint(shown);
    taken += lead.length + columnsOf(shown, width);
    if (shown !== text) break;
  }
  return line;
}

interface Piece {
  readonly text: string;
  readonly paint: (text: string) => string;
}

const asIs = (text: string) => text;

function commandsLine(view: View, wide: number, style: Style, width: Width): string {
  const texts = view.commands.map(({ name, done, total }) => `${oneLine(name)} ${done}/${total}`);
  let shown = 0;
  let taken = 0;
  for (; shown < texts.length; shown++) {
    const more = columnsOf(texts[shown]!, width) + (shown === 0 ? 0 : 2);
    const last = shown === texts.length - 1 && view.hiddenCommands === 0;
    if (shown > 0 && taken + more > wide - (last ? 0 : 9)) break;
    taken += more;
  }
  const pieces = view.commands.slice(0, shown).map(({ done, total }, index): Piece => ({
    text: texts[index]!,
    paint: (text) => style.paint(text, done === total ? "dim" : "bold"),
  }));
  const hidden = texts.length - shown + view.hiddenCommands;
  if (hidden > 0) pieces.push({ text: `+${hidden}`, paint: (text) => style.paint(text, "dim") });
  return join(pieces, wide, "  ", width, true);
}

function runningLines(
  running: readonly RunningTask[],
  most: number,
  wide: number,
  style: Style,
  width: Width,
): string[] {
  const shown = running.length <= most ? running : running.slice(0, Math.max(0, most - 1));
  const names = shown.map(({ task }) => oneLine(task));
  const longest = Math.max(0, ...names.map((name) => columnsOf(name, width)));
  const nameColumns = Math.min(longest, Math.max(8, Math.floor(wide * 0.45)));
  const mark = style.mark("running");
  const word = style.emoji ? mark : "running";
  const lines = shown.map(({ elapsedMs, note }, index) => {
    const name = fill(cut(names[index]!, nameColumns, width), nameColumns, width);
    const pieces: Piece[] = [
      { text: word, paint: (text) => text === word ? mark : text },
      { text: name, paint: asIs },
      { text: elapsedText(elapsedMs).padStart(6), paint: (text) => style.paint(text, "yellow") },
    ];
    if (note !== "") {
      pieces.push({
        text: oneLine(note),
        paint: (text) => style.paint(text, "dim"),
      });
    }
    return join(pieces, wide, " ", width, true);
  });
  const hidden = running.length - shown.length;
  if (hidden > 0) lines.push(cut(`   and ${hidden} more running`, wide, width));
  return lines;
}

function sumLine(view: View, wide: number, style: Style, width: Width): string {
  const { hit, ran, failed, skipped, cancelled } = view.counts;
  const done = hit + ran + failed + skipped + cancelled;
  const count = (value: number, word: string, look: "green" | "cyan" | "red" | "yellow"): Piece[] =>
    value === 0 ? [] : [{ text: `${value} ${word}`, paint: (text) => style.paint(text, look) }];
  const left = view.leftMs === undefined || view.leftMs < 1000 || view.stopping !== undefined
    ? []
    : [{ text: `about ${leftText(view.leftMs)} left`, paint: asIs }];
  const pieces: Piece[] = [
    ...(view.stopping === undefined
      ? []
      : [{ text: "stopping", paint: (text: string) => style.paint(text, "bold", "yellow") }]),
    { text: `${done}/${view.total} tasks`, paint: (text) => style.paint(text, "bold") },
    // What went wrong stands before what may be cut off.
    ...count(failed, "failed", "red"),
    ...count(skipped, "skipped", "yellow"),
    ...count(hit, "cached", "cyan"),
    ...count(ran, "ran", "green"),
    { text: elapsedText(view.elapsedMs), paint: asIs },
    ...left,
  ];
  return join(pieces, wide, ", ", width, false);
}

/** Tenths of seconds at most, and never a change of unit below a minute: the column stays quiet. */
function elapsedText(ms: number): string {
  return ms < 59_950 ? `${(Math.floor(ms / 100) / 10).toFixed(1)}s` : formatDuration(ms);
}

/** Whole seconds, above ten by fives: an estimate is not more exact than that. */
function leftText(ms: number): string {
  const step = ms < 10_000 ? 1 : 5;
  const seconds = Math.max(step, Math.round(ms / 1000 / step) * step);
  return seconds < 60 ? `${seconds}s` : formatDuration(seconds * 1000);
}
