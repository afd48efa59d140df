import type { QikEvent, RunStarted } from "../events/events.ts";
import type { NamedRows } from "../sys/differing_rows.ts";
import type { Algorithm } from "../git/algorithm.ts";

/**
 * What a run found, and everything that it looked at to find it: as long as the one is unchanged, so is the other.
 *
 * A proof is about one command line in one environment and one directory. It is made only of runs in which every
 * task ended well and is in a cache, and holds what the next run would tell: hits, their output, warnings.
 */
export interface Proof {
  readonly text: ProofText;
  /** Input files, relative to the root. */
  readonly files: Table;
  /** Directories in which a new name could be a new input, relative to the root. */
  readonly directories: Table;
  /** Everything else, absolute without the first slash. */
  readonly places: Table;
}

/** What lstat said, and what decides where that is not enough. */
export interface Table extends NamedRows {
  /** By number of row: what may still hold where the row does not. */
  readonly instead: ReadonlyMap<number, Instead>;
  /** Rows of which being equal proves nothing, because they were young: what stands in `instead` decides. */
  readonly unsettled: readonly number[];
}

/**
 * `blob`: content, as the tree names it. `content`: SHA-256. `names`: digest of what is in a directory.
 * `directory`: it is the same directory, whatever is in it.
 */
export type Instead =
  | readonly ["blob" | "content" | "names", digest: string]
  | readonly ["directory"];

/**
 * A task whose artifacts can be put back without the normal way where they are gone: nothing but the plan of its restore
 * rests on what is known of them.
 */
export interface Restorable {
  readonly key: string;
  /** The command's artifact patterns. */
  readonly patterns: readonly string[];
  /** What its restore asked about the working tree, as numbers of rows of `places`. No other task asked about them. */
  readonly rows: readonly number[];
}

/** Events without bytes that JSON cannot hold: output stands in them as base64. */
export type StoredEvent =
  | Exclude<QikEvent, { readonly type: "task-output" }>
  | {
    readonly type: "task-output";
    readonly task: string;
    readonly stream: "out" | "err";
    readonly base64: string;
  };

export interface ProofText {
  /** Absolute. */
  readonly root: string;
  /** Absolute: where the store keeps its journal of runs. */
  readonly cacheDir: string;
  readonly algorithm: Algorithm;
  /** Digest of the environment, salted, so that no value can be found by comparing. */
  readonly env: {
    readonly salt: string;
    /** Names of variables that do not count. */
    readonly without: readonly string[];
    readonly digest: string;
  };
  /** Milliseconds since the epoch. */
  readonly madeAt: number;
  /** How the run was shown. */
  readonly shown: {
    readonly workers: number;
    readonly verbosity: 0 | 1 | 2;
    readonly emoji: boolean;
    readonly raw: boolean;
  };
  readonly tasks: RunStarted["tasks"];
  readonly restorable: readonly Restorable[];
  /** Everything between the first and the last event. */
  readonly events: readonly StoredEvent[];
  /** Paths that lead through symlinks: the SHA-256 of what is read there, or their whole stat. */
  readonly followed: readonly (readonly [path: string, what: "content" | "stat", answer: string])[];
  readonly real: readonly (readonly [path: string, answer: string])[];
  readonly links: readonly (readonly [path: string, text: string])[];
}

/** A proof older than this is not used: entries must be marked as used now and then, and the store be tidied. */
export const OLDEST_MS = 1_800_000;
