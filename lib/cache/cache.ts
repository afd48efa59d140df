/**
 * A cache answers; it never decides whether to run. Whatever is wrong with it (damaged, full, read-only, out
 * of reach) is a miss or an outcome of `put`, never a throw and never an altered result.
 */
export interface Cache {
  readonly name: string;
  /** Looks up; writes nothing to the working tree. */
  get(key: string): Promise<Lookup>;
  /**
   * Whether something lies here under this key, unverified; asks no server, and costs no more than a look at a file.
   * Asked once a task's lock is taken: another qik may have stored its result since `get`. Unset: cannot tell.
   */
  has?(key: string): boolean;
  /** Stores all of a result or nothing. Storing a known key again is not an error. */
  put(result: TaskResult): Promise<PutOutcome>;
  /**
   * Takes a result out of use that was found to be wrong, wherever it is. Unset: the cache cannot.
   *
   * @returns In one line where it is still in use, or `undefined`.
   */
  disown?(wrong: Manifest): Promise<string | undefined>;
}

/** What a cache answers when it is asked for a key. */
export type Lookup =
  | { readonly found: true; readonly hit: Hit }
  /** `detail`: a line that a user can be told as the reason, where the cache knows it better than its keys do. */
  | { readonly found: false; readonly reason: "absent"; readonly detail?: string }
  /** `failed`: nothing is known of it, since the system does not let it be read. */
  | { readonly found: false; readonly reason: "damaged" | "failed"; readonly detail: string };

/** A result that was found. Nothing of it is in the working tree before {@link Hit.restore}. */
export interface Hit {
  readonly manifest: Manifest;
  /**
   * Puts the artifacts in place: everything is verified before the first write; files that are right are not
   * touched; untracked files under the patterns that the entry does not have are removed. Unless it answers
   * `failed` or `ok`, nothing was written. On `conflict` the user's own work stands in the way: a file that
   * git would show as changed or new, and that no earlier result of the task has put there.
   */
  restore(place: RestorePlace): Promise<RestoreOutcome>;
  /**
   * Why `restore` would be refused or meet the user's own work, in one line; `undefined` where it would not.
   * Writes nothing and reads no content, so damage goes unnoticed. Unset: the cache cannot tell.
   */
  obstacle?(place: RestorePlace): Promise<string | undefined>;
  /** Hands out the log, in the order in which it was written. Verified by `restore`; call it afterwards. */
  replay(onOutput: (stream: "out" | "err", bytes: Uint8Array) => void): void;
}

/** Where and within which limits artifacts may be written. */
export interface RestorePlace {
  /** Absolute root of the repository. */
  readonly root: string;
  /** The local command's own artifact patterns (pathspecs); every path must match one. */
  readonly patterns: readonly string[];
  /** Whether git tracks a path: tracked files are never removed as stale. */
  readonly isTracked: (path: string) => boolean;
  /**
   * Whether git does not ignore a path: it is tracked, or untracked and not ignored, or the root of such a
   * repository inside this one. Such files may be the user's work. Asked only for files that stand in the
   * way and the directories above them, so the answer may take its time.
   */
  readonly isListed: (path: string) => boolean | Promise<boolean>;
}

/** What became of a restore; `written` and `removed` are numbers of files, links and directories. */
export type RestoreOutcome =
  | { readonly ok: true; readonly written: number; readonly removed: number }
  | {
    readonly ok: false;
    readonly reason: "damaged" | "refused" | "failed" | "conflict" | "absent";
    /** For a `conflict`, and where contents are `absent` or out of reach, a line that a user can be told as the reason of a miss. */
    readonly detail: string;
  };

/** What became of storing a result. */
export type PutOutcome =
  | {
    readonly stored: true;
    readonly manifest: Manifest;
    /** Artifact patterns that selected nothing after the command succeeded; absent where there are none. */
    readonly empty?: readonly string[];
  }
  | {
    readonly stored: false;
    readonly reason: "unwritable" | "bad-artifact";
    readonly detail: string;
  };

/** What an entry says about the run that made it. Paths are relative to the root, sorted by code unit. */
export interface Manifest {
  readonly schema: 1;
  readonly key: string;
  readonly task: string;
  readonly exit: number;
  readonly tookMs: number;
  /** Milliseconds since the epoch when the command ended; 0 in the repo cache. */
  readonly storedAt: number;
  readonly log: {
    readonly digest: string;
    readonly size: number;
    readonly turns: readonly number[];
  };
  readonly artifacts: readonly Artifact[];
  /** Set where the entry was fetched from a remote; unset for what this machine ran itself. */
  readonly origin?: Origin;
}

/** Who made an entry that came from a remote. Believed only as far as its signature is. */
export interface Origin {
  /** Name in `[caches]`. */
  readonly remote: string;
  readonly scope: string;
  /** The accepted key that signed it; unset where none had to. */
  readonly keyId?: string;
  readonly producer: Producer;
}

/** The run that made a result, as it says itself; what its CI does not tell is unset. */
export interface Producer {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Version of qik. */
  readonly qik: string;
  /** `linux-64` and so on. */
  readonly arch: string;
  readonly repo?: string;
  readonly ref?: string;
  readonly commit?: string;
  /** `push`, `pull-request`, …; unset outside CI. */
  readonly event?: string;
  /** Address or number of the CI run. */
  readonly run?: string;
}

/** `content` is the SHA-256 of the bytes (of the target text for a link, `""` for an empty directory). */
export interface Artifact {
  readonly path: string;
  readonly kind: "file" | "link" | "directory";
  /** Permission bits: 0o644 or 0o755 style, special bits removed; 0 for links. */
  readonly mode: number;
  readonly size: number;
  readonly content: string;
}

/** A finished command, ready to be stored. */
export interface TaskResult {
  readonly key: string;
  readonly task: string;
  readonly command: string;
  readonly exit: number;
  readonly tookMs: number;
  readonly log: CapturedLog;
  /** Absolute root; `patterns` are the task's artifact pathspecs. */
  readonly root: string;
  readonly patterns: readonly string[];
  /**
   * Asked when the artifacts have been read: false where another qik may have run the task at the same time, so that
   * they may be halfway through being written. Nothing is stored then.
   */
  readonly isAlone?: () => boolean;
  /** Lines of the key's explanation, kept beside the entry to explain later misses. */
  readonly explanation: readonly string[];
}

/**
 * Output on disk: the raw bytes of both streams in order of arrival, and whose they are. `turns` are byte
 * counts in order, positive for standard output, negative for standard error: `[12, -5, 7]`.
 */
export interface CapturedLog {
  /** Absolute path of the file with the raw bytes. */
  readonly file: string;
  readonly size: number;
  readonly turns: readonly number[];
}
