import { byCodeUnit } from "./order.ts";

/**
 * Names close enough to `wanted` to be what the user meant, nearest first.
 *
 * Close means: at most a third of the longer name's letters must change (at least one may). Cost: the
 * product of the lengths per name, so very long names are passed over.
 *
 * @param limit At most so many names.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { nearest } from "./nearest.ts";
 * assert.deepEqual(nearest("lnit", ["lint", "test"]), ["lint"]);
 * ```
 */
export function nearest(wanted: string, names: Iterable<string>, limit = 3): string[] {
  if (wanted.length > 200) return [];
  const scored: { name: string; distance: number }[] = [];
  for (const name of names) {
    if (name.length > 200) continue;
    const most = Math.max(1, Math.floor(Math.max(name.length, wanted.length) / 3));
    const distance = edits(wanted.toLowerCase(), name.toLowerCase());
    if (distance <= most) scored.push({ name, distance });
  }
  scored.sort((a, b) => a.distance - b.distance || byCodeUnit(a.name, b.name));
  return scored.slice(0, limit).map(({ name }) => name);
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function edits(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, before[j - 2]! + 1);
      }
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
