/** Nodes that all lead to each other. */
export interface Cycle {
  /** In the order of the graph. */
  readonly nodes: readonly number[];
  /** A shortest way around, back to where it began; of very many nodes a short one. */
  readonly way: readonly number[];
}

/** Where each node leads. */
type Targets = readonly (readonly number[])[];

/** So many edges are looked at for the shortest way among some nodes: a second or so. */
const MOST_LOOKS = 20_000_000;

/**
 * The strongly connected components of a graph that hold a circle, in the order of their first nodes. Ways around
 * would be told over and over: 900 modules may have hundreds that share most of their nodes.
 *
 * @param targets Where each node leads.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cyclesIn } from "./cycles.ts";
 * assert.deepEqual(cyclesIn([[1], [2], [0, 1], [0]]), [{ nodes: [0, 1, 2], way: [1, 2, 1] }]);
 * ```
 */
export function cyclesIn(targets: Targets): Cycle[] {
  return components(targets)
    .filter((nodes) => nodes.length > 1 || targets[nodes[0]!]!.includes(nodes[0]!))
    .map((nodes) => ({ nodes, way: shortestAround(targets, nodes) }))
    .sort((a, b) => a.nodes[0]! - b.nodes[0]!);
}

/** Tarjan's algorithm without recursion: linear in nodes and edges. */
function components(targets: Targets): number[][] {
  const found: number[][] = [];
  const number = new Int32Array(targets.length).fill(-1);
  const low = new Int32Array(targets.length);
  const isOpen = new Uint8Array(targets.length);
  const open: number[] = [];
  let count = 0;
  const enter = (node: number) => {
    number[node] = low[node] = count++;
    isOpen[node] = 1;
    open.push(node);
    return { node, next: 0 };
  };
  for (let start = 0; start < targets.length; start++) {
    if (number[start] !== -1) continue;
    const way = [enter(start)];
    for (let at = way.at(-1); at !== undefined; at = way.at(-1)) {
      const to = targets[at.node]![at.next++];
      if (to === undefined) {
        way.pop();
        const above = way.at(-1)?.node;
        if (above !== undefined) low[above] = Math.min(low[above]!, low[at.node]!);
        if (low[at.node] === number[at.node]) found.push(closed(at.node, open, isOpen));
      } else if (number[to] === -1) way.push(enter(to));
      else if (isOpen[to] === 1) low[at.node] = Math.min(low[at.node]!, number[to]!);
    }
  }
  return found;
}

/** Takes a whole component off the open nodes: everything down to its first one. */
function closed(first: number, open: number[], isOpen: Uint8Array): number[] {
  const nodes = open.splice(open.lastIndexOf(first));
  for (const node of nodes) isOpen[node] = 0;
  return nodes.sort((a, b) => a - b);
}

function shortestAround(targets: Targets, nodes: readonly number[]): readonly number[] {
  const alone = nodes.find((node) => targets[node]!.includes(node));
  if (alone !== undefined) return [alone, alone];
  const inside = new Set(nodes);
  let best: readonly number[] | undefined;
  let looks = 0;
  for (const start of nodes) {
    // Nothing is shorter than two nodes that lead to each other.
    if (best !== undefined && (best.length === 3 || looks > MOST_LOOKS)) break;
    const search = new Search(targets, inside, start);
    best = search.shorterThan(best?.length ?? Infinity) ?? best;
    looks += search.looks;
  }
  return best!;
}

/** For the shortest way from one node back to itself. */
class Search {
  readonly #targets: Targets;
  readonly #inside: ReadonlySet<number>;
  readonly #start: number;
  readonly #before = new Map<number, number>();
  looks = 0;

  constructor(targets: Targets, inside: ReadonlySet<number>, start: number) {
    this.#targets = targets;
    this.#inside = inside;
    this.#start = start;
  }

  shorterThan(length: number): number[] | undefined {
    let level = [this.#start];
    for (let nodes = 2; level.length > 0 && nodes < length; nodes++) {
      const next: number[] = [];
      for (const node of level) {
        if (this.#leadsBack(node, next)) return wayBack(this.#before, this.#start, node);
      }
      level = next;
    }
    return undefined;
  }

  #leadsBack(node: number, next: number[]): boolean {
    for (const to of this.#targets[node]!) {
      this.looks++;
      if (to === this.#start) return true;
      if (!this.#inside.has(to) || this.#before.has(to)) continue;
      this.#before.set(to, node);
      next.push(to);
    }
    return false;
  }
}

function wayBack(before: ReadonlyMap<number, number>, start: number, last: number): number[] {
  const way = [start];
  for (let at = last; at !== start; at = before.get(at)!) way.push(at);
  way.push(start);
  return way.reverse();
}
