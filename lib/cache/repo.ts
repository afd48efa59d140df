import { oneLine } from "../base/one_line.ts";
import { messageOf } from "../base/message_of.ts";
import { sha256 } from "../sys/digest.ts";
import type { Clock, Files, Reader, Stat } from "../sys/sys.ts";
import { forbiddenPath } from "./artifact_rules.ts";
import { attempt, digestFile } from "./blobs.ts";
import type {
  Artifact,
  Cache,
  Hit,
  Lookup,
  Manifest,
  PutOutcome,
  RestorePlace,
  TaskResult,
} from "./cache.ts";
import { recordExplanation } from "./explain.ts";
import { gatherArtifacts } from "./gather.ts";
import { obstacleOf, outcomeOf, putOutcomeOf } from "./outcomes.ts";
import { replayTurns } from "./replay.ts";
import { checkPrecious } from "./precious.ts";
import { readRepoEntry, repoEntryFile, repoEntryText } from "./repo_files.ts";
import { carryOut, Damaged, openLog } from "./restore.ts";
import { isRight, planRestore, type RestorePlan, type RestoreView } from "./restore_plan.ts";
import { openStatMemo } from "./stat_memo.ts";
import { join, linkAbove, STAGED } from "./walk.ts";

/** `-text`: line ends inside logs and entries must reach every machine as they were written. */
const ATTRIBUTES = "cache/** linguist-generated merge=qik -text";

export interface RepoCacheOptions {
  readonly files: Files;
  readonly clock: Clock;
  /** Absolute root of the repository. */
  readonly root: string;
  /** Absolute: `<root>/._qik/state`. */
  readonly stateDir: string;
  /** Told of files that are new to the repository, relative to the root, so that git shows them. */
  readonly intentToAdd: (paths: readonly string[]) => void | Promise<void>;
  /**
   * Why an entry whose files these are is not to be believed, in one line; `undefined` where it is. Not asked about
   * what this cache has stored itself.
   */
  readonly distrust?: (files: readonly string[]) => Promise<string | undefined>;
  /** Called once, before the first entry is stored. */
  readonly prepare?: () => void | Promise<void>;
  /** A local store beside which explanations are kept; without it misses are not explained. */
  readonly explainDir?: string;
}

/** A cache inside the repository; `save` writes what it learned about the working tree, and never throws. */
export interface RepoCache extends Cache {
  save(): void;
}

/**
 * Opens the cache that is committed: `<root>/.qik/cache/<command>/<task>.json` and `.out`, one entry per task.
 *
 * The text is the same on every machine: no times, no names of machines. Artifacts are files of the
 * repository themselves, so an entry holds digests of them and is a hit only where they are as recorded.
 * A damaged entry is left alone: it is the user's file, and the next `put` of its task writes it anew.
 */
export function openRepoCache(options: RepoCacheOptions): RepoCache {
  const cache = new RepoEntries(options);
  return {
    name: "repo",
    get: (key) => cache.findTrusted(key),
    has: (key) => cache.has(key),
    put: (result) => cache.keep(result),
    disown({ key }) {
      cache.remove(key);
      return Promise.resolve(undefined);
    },
    save: () => cache.view.memo.save(),
  };
}

/** A known entry: its manifest, or what is wrong with it. */
type Known =
  & { readonly out: string }
  & ({ readonly manifest: Manifest } | { readonly detail: string });

class RepoEntries {
  readonly view: RestoreView;
  readonly #home: string;
  readonly #unique = crypto.randomUUID().slice(0, 13);
  #count = 0;
  /** An entry that was read stays right for its key, whatever happens to its file. */
  readonly #known = new Map<string, Known>();
  /** Keys of what was stored here. */
  readonly #own = new Set<string>();
  #prepared = false;
  /** Directories as they were when their entries were read. */
  readonly #read = new Map<string, string>();

  constructor(readonly options: RepoCacheOptions) {
    const { files, clock, root, stateDir } = options;
    const memo = openStatMemo(files, clock, `${stateDir}/artifacts-repo`);
    this.view = { files, clock, memo, execBitOnly: true };
    this.#home = `${root}/.qik/cache`;
  }

  async findTrusted(key: string): Promise<Lookup> {
    const lookup = this.find(key);
    const known = this.#known.get(key);
    const { distrust } = this.options;
    if (!lookup.found || distrust === undefined || known === undefined || this.#own.has(key)) {
      return lookup;
    }
    const json = known.out.replace(/out$/, "json");
    const detail = await distrust(lookup.hit.manifest.log.size > 0 ? [json, known.out] : [json]);
    return detail === undefined ? lookup : { found: false, reason: "absent", detail };
  }

  has(key: string): boolean {
    if (!this.#known.has(key)) this.#readEntries();
    return this.#known.has(key);
  }

  find(key: string): Lookup {
    try {
      if (!this.has(key)) return { found: false, reason: "absent" };
      const known = this.#known.get(key)!;
      if ("detail" in known) return { found: false, reason: "damaged", detail: known.detail };
      const wrong = known.manifest.artifacts.find((artifact) => !this.#isInPlace(artifact));
      if (wrong !== undefined) {
        const detail = `the artifact "${oneLine(wrong.path)}" is not as recorded`;
        return { found: false, reason: "absent", detail };
      }
      return { found: true, hit: this.#hit(known.manifest, known.out) };
    } catch (error) {
      const detail = `Cannot read the entry: ${messageOf(error)}`;
      return { found: false, reason: "failed", detail };
    }
  }

  /** Removes the files of a result that was found to be wrong; git shows that they are gone, or what takes their place. */
  remove(key: string): void {
    const known = this.#known.get(key);
    if (known === undefined) return;
    this.#known.delete(key);
    for (const file of [known.out.replace(/out$/, "json"), known.out]) {
      this.options.files.remove(file);
    }
  }

  /** Reads the entries of directories that are not as they were when they were last read. */
  #readEntries(): void {
    const { files } = this.options;
    for (const { name, kind } of files.list(this.#home) ?? []) {
      const directory = `${this.#home}/${name}`;
      const stat = kind === "directory" ? files.lstat(directory) : undefined;
      if (stat === undefined || this.#read.get(directory) === printOf(stat)) continue;
      this.#read.set(directory, printOf(stat));
      for (const entry of files.list(directory) ?? []) {
        if (!entry.name.endsWith(".json") || entry.kind !== "file") continue;
        const path = `${directory}/${entry.name}`;
        const found = readRepoEntry(files, path);
        const out = path.replace(/json$/, "out");
        for (const key of found?.keys ?? []) {
          if (found !== undefined) this.#known.set(key, { ...found, out });
        }
      }
    }
  }

  #isInPlace(artifact: Artifact): boolean {
    const { files, root } = this.options;
    const { path } = artifact;
    if (forbiddenPath(path) !== undefined || linkAbove(files, root, path) !== undefined) {
      return false;
    }
    const stat = files.lstat(join(root, path));
    return stat !== undefined && isRight(this.view, root, artifact, stat);
  }

  #hit(manifest: Manifest, out: string): Hit {
    const { files } = this.options;
    let log: Reader | undefined;
    return {
      manifest,
      restore: async (place) => {
        const outcome = await outcomeOf(async () => {
          log?.close();
          log = openLog(files, { inline: new Map(), blob: () => out }, manifest.log);
          const plan = await this.#planned(manifest, place);
          const wrong = plan.write[0]?.artifact.path;
          if (wrong !== undefined) throw new Damaged(`The artifact "${wrong}" is not as recorded`);
          carryOut(files, place.root, plan, [], this.#temporary());
          return { ok: true, written: 0, removed: plan.remove.length };
        });
        if (!outcome.ok) log?.close();
        return outcome;
      },
      obstacle: (place) => obstacleOf(() => this.#planned(manifest, place)),
      replay(onOutput) {
        if (log === undefined) throw new Error("A log is replayed after its entry was restored");
        replayTurns(log, manifest.log.turns, onOutput);
        log = undefined;
      },
    };
  }

  async #planned(manifest: Manifest, place: RestorePlace): Promise<RestorePlan> {
    const plan = planRestore(this.view, manifest.artifacts, place);
    await checkPrecious(this.view, place, plan.displaced, [manifest.artifacts]);
    return plan;
  }

  async keep(result: TaskResult): Promise<PutOutcome> {
    const fresh: string[] = [];
    const outcome = putOutcomeOf((empty) => this.#write(result, fresh, empty));
    if (outcome.stored) {
      this.#known.set(result.key, { manifest: outcome.manifest, out: this.#outOf(result) });
      this.#own.add(result.key);
    }
    try {
      if (!this.#prepared) await this.options.prepare?.();
      this.#prepared = true;
      if (fresh.length > 0) await this.options.intentToAdd(fresh);
    } catch {
      // The entry is there and right; git merely does not know of it yet.
    }
    return outcome;
  }

  #write(result: TaskResult, fresh: string[], empty: string[]): Manifest {
    const { files } = this.options;
    const { key, task, exit, patterns, log } = result;
    const sink = { file: (path: string) => digestFile(files, path), target: () => {} };
    const { root, isAlone } = result;
    const request = { files, root, patterns, complete: exit === 0, sink, isAlone, empty };
    const artifacts = gatherArtifacts(request).filter(({ kind }) => kind !== "directory")
      .map((one) => one.kind === "link" ? one : { ...one, mode: one.mode & 0o100 ? 0o755 : 0o644 });
    const out = this.#outOf(result);
    files.makeDirectory(out.slice(0, out.lastIndexOf("/")));
    const digest = this.#writeLog(result, out, fresh);
    const { size, turns } = log;
    const times = { tookMs: 0, storedAt: 0 };
    const manifest: Manifest = {
      schema: 1,
      key,
      task,
      exit,
      ...times,
      log: { digest, size, turns },
      artifacts,
    };
    this.#writeAttributes(fresh);
    this.#writeFile(out.replace(/out$/, "json"), repoEntryText(manifest), fresh);
    const { explainDir } = this.options;
    if (explainDir !== undefined) {
      attempt(() => recordExplanation({ files, dir: explainDir, task }, key, result.explanation));
    }
    return manifest;
  }

  #outOf({ command, task }: TaskResult): string {
    return repoEntryFile(this.options.root, command, task).replace(/json$/, "out");
  }

  /** Copies the log into the repository; its digest is taken from the copy. */
  #writeLog({ log }: TaskResult, out: string, fresh: string[]): string {
    const { files } = this.options;
    if (log.size === 0) {
      files.remove(out);
      return sha256(new Uint8Array());
    }
    const copy = `${out.slice(0, out.lastIndexOf("/") + 1)}${STAGED}${this.#temporary()}`;
    try {
      files.copy(log.file, copy);
      const stored = digestFile(files, copy);
      const total = log.turns.reduce((sum, turn) => sum + Math.abs(turn), 0);
      if (stored?.size !== log.size || total !== log.size) {
        throw new Error(`The log "${log.file}" is not what the command wrote`);
      }
      const before = files.lstat(out);
      const same = before?.size === log.size && digestFile(files, out)?.content === stored.content;
      if (!same) files.rename(copy, out);
      if (before === undefined) fresh.push(this.#relative(out));
      return stored.content;
    } finally {
      attempt(() => files.remove(copy));
    }
  }

  #writeAttributes(fresh: string[]): void {
    const { files, root } = this.options;
    const file = `${root}/.qik/.gitattributes`;
    const text = new TextDecoder().decode(files.read(file) ?? new Uint8Array());
    if (text.split(/\r?\n/).includes(ATTRIBUTES)) return;
    const start = text === "" || text.endsWith("\n") ? text : text + "\n";
    this.#writeFile(file, new TextEncoder().encode(`${start}${ATTRIBUTES}\n`), fresh);
  }

  /** Leaves a file alone that has these bytes, so that git sees no change. */
  #writeFile(file: string, bytes: Uint8Array, fresh: string[]): void {
    const { files } = this.options;
    const before = files.read(file);
    if (before !== undefined && sha256(before) === sha256(bytes)) return;
    files.writeAtomic(file, bytes);
    if (before === undefined) fresh.push(this.#relative(file));
  }

  #relative(file: string): string {
    return file.slice(this.options.root.length + 1);
  }

  #temporary(): string {
    return `${this.#unique}-${this.#count += 1}`;
  }
}

function printOf({ ino, mtimeNs, ctimeNs }: Stat): string {
  return `${ino} ${mtimeNs} ${ctimeNs}`;
}
