import { byCodeUnit } from "../base/order.ts";
import type { Pathspec } from "./pathspec.ts";

/** Paths in code-unit order, and which of them are repositories of their own. */
export interface Roll {
  readonly paths: readonly string[];
  readonly modules: ReadonlySet<string>;
}

/** Sorts by code unit, in place, unless it is in order already (as git's lists of ASCII names are). */
export function inOrder(paths: string[]): string[] {
  for (let at = 1; at < paths.length; at++) {
    if (paths[at - 1]! > paths[at]!) return paths.sort(byCodeUnit);
  }
  return paths;
}

/** Index of the first path that is not before `text`. */
export function lowerBound(paths: readonly string[], text: string, from = 0): number {
  let [low, high] = [from, paths.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (paths[middle]! < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of a path, or -1. */
export function indexOfPath(paths: readonly string[], path: string): number {
  const at = lowerBound(paths, path);
  return paths[at] === path ? at : -1;
}

/** {@link indexOfPath} for who asks in the order of the paths: mostly the next one is meant, and nothing is searched. */
export function finderIn(paths: readonly string[]): (path: string) => number {
  let next = 0;
  return (path) => {
    const at = paths[next] === path ? next : indexOfPath(paths, path);
    if (at !== -1) next = at + 1;
    return at;
  };
}

/**
 * Indices of the paths that a pathspec selects, ascending.
 *
 * Cost: a binary search for the pathspec's literal start, then one test for each path that shares it; nothing for
 * the paths in a directory that is named as it is.
 */
export function matchRoll({ paths, modules }: Roll, spec: Pathspec): number[] {
  const found: number[] = [];
  if (spec.literal !== undefined && modules.size === 0) {
    const file = indexOfPath(paths, spec.literal);
    if (file !== -1) found.push(file);
    const end = lowerBound(paths, `${spec.literal}0`);
    // "0" comes right after "/".
    for (let at = lowerBound(paths, `${spec.literal}/`); at < end; at++) found.push(at);
    return found;
  }
  const { prefix } = spec;
  const start = prefix === "" ? 0 : lowerBound(paths, prefix);
  for (let at = start; at < paths.length; at++) {
    const path = paths[at]!;
    if (prefix !== "" && !path.startsWith(prefix)) break;
    if (spec.matches(path, modules.size > 0 && modules.has(path))) found.push(at);
  }
  return found;
}

/** Two ordered lists without duplicates as one. */
export function mergeOrdered(a: readonly string[], b: readonly string[]): string[] {
  if (b.length === 0) return [...a];
  const merged: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const order = i === a.length ? 1 : j === b.length ? -1 : byCodeUnit(a[i]!, b[j]!);
    merged.push(order <= 0 ? a[i]! : b[j]!);
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
  }
  return merged;
}

/** Numbers without those that stand there already; the same list where they ascend, as they mostly do. */
export function distinct(numbers: readonly number[]): readonly number[] {
  for (let at = 1; at < numbers.length; at++) {
    if (numbers[at]! <= numbers[at - 1]!) return [...new Set(numbers)];
  }
  return numbers;
}
