import { byCodeUnit } from "../base/order.ts";
import type { FileState } from "./tree.ts";

/** States and the change times that were read with them; without times only the content is compared. */
export interface Picture {
  readonly states: readonly FileState[];
  readonly times: Uint32Array | undefined;
}

/**
 * Paths that only one of two pictures holds, or that were touched in between: a file whose content is back to
 * what it was may have been read while it was another.
 */
export function differing(before: Picture, now: Picture): string[] {
  const old = new Map(before.states.map(({ path }, at) => [path, at]));
  const changed: string[] = [];
  for (const [at, { path, kind, digest }] of now.states.entries()) {
    const was = old.get(path);
    old.delete(path);
    const state = was === undefined ? undefined : before.states[was]!;
    const same = state?.kind === kind && state.digest === digest &&
      (kind === "module" || kind === "absent" || sameTime(before.times, was!, now.times, at));
    if (!same) changed.push(path);
  }
  return [...changed, ...old.keys()].sort(byCodeUnit);
}

function sameTime(
  before: Uint32Array | undefined,
  was: number,
  now: Uint32Array | undefined,
  at: number,
): boolean {
  if (before === undefined || now === undefined) return true;
  return before[was * 2] === now[at * 2] && before[was * 2 + 1] === now[at * 2 + 1];
}
