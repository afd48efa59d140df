/** A graph that `qik :graph` can show, whatever it is of. */

/** A place in a source. */
export interface EdgePlace {
  /** Relative to the root. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
}

/** A directed graph: names, and which leads to which. */
export interface Picture {
  /** Each name once. */
  readonly nodes: readonly string[];
  /** Pairs of places in `nodes`: the first needs, or imports, the second. Each pair once. */
  readonly edges: readonly (readonly [from: number, to: number])[];
  /** Where an edge comes from; asked only for the few edges that are explained. */
  places?(from: number, to: number): readonly EdgePlace[];
  /** What a name is that is no node, where the picture knows it; asked only for names that are explained. */
  beyond?(name: string): Beyond | undefined;
}

/** Something outside of the picture that nodes lead to. */
export interface Beyond {
  /** Places in `nodes`: those that lead there. */
  readonly from: readonly number[];
  places(from: number): readonly EdgePlace[];
  /** What it is and why it is no node: the hint where it cannot be shown. */
  readonly what: string;
}
