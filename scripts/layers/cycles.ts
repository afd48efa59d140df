/** An import from one file to another, at a line of the first. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly line: number;
}

/**
 * One cycle for each knot of files that reach each other, as a path that ends where it starts.
 *
 * Files that no cycle passes through are dropped first (those that import nothing that is left, then those
 * that nobody left imports), so the walk that follows cannot leave a knot without coming back.
 */
export function importCycles(edges: readonly Edge[]): string[][] {
  let live = [...edges];
  const cycles: string[][] = [];
  for (;;) {
    live = knotted(live);
    const first = live[0];
    if (first === undefined) return cycles;
    const cycle = walk(first.from, live);
    cycles.push(cycle);
    const members = new Set(cycle);
    live = live.filter(({ from, to }) => !(members.has(from) && members.has(to)));
  }
}

function knotted(edges: readonly Edge[]): Edge[] {
  let live = [...edges];
  for (;;) {
    const importers = new Set(live.map(({ from }) => from));
    const imported = new Set(live.map(({ to }) => to));
    const kept = live.filter(({ from, to }) => importers.has(to) && imported.has(from));
    if (kept.length === live.length) return live;
    live = kept;
  }
}

/** Follows imports from `start` until a file comes up again; every file in `edges` imports another. */
function walk(start: string, edges: readonly Edge[]): string[] {
  const next = new Map<string, string>();
  for (const { from, to } of edges) if (!next.has(from)) next.set(from, to);
  const path = [start];
  const place = new Map([[start, 0]]);
  for (;;) {
    const to = next.get(path.at(-1)!)!;
    path.push(to);
    const seen = place.get(to);
    if (seen !== undefined) return path.slice(seen);
    place.set(to, path.length - 1);
  }
}
