import { byCodeUnit } from "../base/order.ts";
import type { Place, Problem } from "../base/problems.ts";
import { parsePath, type TomlPath } from "./paths.ts";
import { scan, want, type Wanted, wantNothing } from "./scan.ts";

/** Line and column, counted from 1; columns count code points. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The position of one offset. */
export function positionAt(text: string, offset: number): Position {
  return positionsAt(text, [offset])[0]!;
}

/** The positions of offsets that are in ascending order; one walk over the text for all. */
export function positionsAt(text: string, offsets: readonly number[]): Position[] {
  const positions: Position[] = [];
  let line = 1;
  let start = 0;
  let column = 1;
  let counted = 0;
  let lineEnd = -1;
  for (const offset of offsets) {
    for (;;) {
      if (lineEnd < start) lineEnd = text.indexOf("\n", start);
      if (lineEnd === -1) lineEnd = text.length;
      if (lineEnd >= offset) break;
      line += 1;
      start = counted = lineEnd + 1;
      column = 1;
    }
    column += codePoints(text, counted, offset);
    counted = offset;
    positions.push({ line, column });
  }
  return positions;
}

function codePoints(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) {
    // The second half of a pair belongs to the code point before it.
    if ((text.charCodeAt(at) & 0xfc00) !== 0xdc00) count += 1;
  }
  return count;
}

/**
 * The positions of many paths in one walk. Where a path is not in the text (a missing key) its nearest parent
 * that is answers for it; `undefined` where nothing is known.
 */
export function locate(text: string, paths: readonly TomlPath[]): (Position | undefined)[] {
  const tree = wantNothing();
  for (const path of paths) want(tree, path);
  scan(text, tree);
  const offsets = paths.map((path) => nearestOffset(tree, path));
  const found = [...new Set(offsets)].filter((offset) => offset !== undefined);
  found.sort((a, b) => a - b);
  const positions = positionsAt(text, found);
  const byOffset = new Map(found.map((offset, at) => [offset, positions[at]!]));
  return offsets.map((offset) => offset === undefined ? undefined : byOffset.get(offset));
}

function nearestOffset(tree: Wanted, path: TomlPath): number | undefined {
  let offset: number | undefined;
  let node: Wanted | undefined = tree;
  for (const part of path) {
    node = node?.next.get(part);
    if (node?.offset === undefined) break;
    offset = node.offset;
  }
  return offset;
}

/** Orders the problems of one file by where they stand. */
function byPlace(a: Problem, b: Problem): number {
  const [one, two]: (Place | undefined)[] = [a.place, b.place];
  return (one?.line ?? 0) - (two?.line ?? 0) || (one?.column ?? 0) - (two?.column ?? 0) ||
    byCodeUnit(a.message, b.message);
}

/**
 * Adds line and column to problems that have a file and a TOML path but no line, as all problems about parts
 * of a valid configuration have. Problems of one file come in the order of its lines; files keep theirs.
 *
 * @param read The text of a configuration file as it was read, `undefined` where it cannot be had (its
 *   problems then stay without a line). Called once per file.
 */
export function locateProblems(
  problems: readonly Problem[],
  read: (file: string) => string | undefined,
): readonly Problem[] {
  const byFile = new Map<string, Problem[]>();
  for (const problem of problems) {
    const file = problem.place?.file ?? "";
    const group = byFile.get(file);
    if (group === undefined) byFile.set(file, [problem]);
    else group.push(problem);
  }
  return [...byFile].flatMap(([file, group]) => located(group, () => read(file)).sort(byPlace));
}

function located(problems: readonly Problem[], read: () => string | undefined): Problem[] {
  const open = problems.filter(({ place }) =>
    place?.path !== undefined && place.line === undefined
  );
  const text = open.length === 0 ? undefined : read();
  if (text === undefined) return [...problems];
  const positions = locate(text, open.map(({ place }) => parsePath(place!.path!)));
  const found = new Map(open.map((problem, at) => [problem, positions[at]]));
  return problems.map((problem) => {
    const position = found.get(problem);
    return position === undefined
      ? problem
      : { ...problem, place: { ...problem.place!, ...position } };
  });
}
