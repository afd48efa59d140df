import { oneLine } from "../base/one_line.ts";
import { encodeName } from "../base/bytes.ts";
import { byCodeUnit } from "../base/order.ts";
import { parentPath } from "../base/paths.ts";
import { sha256 } from "../sys/digest.ts";
import type { Clock, Files, Stat } from "../sys/sys.ts";
import { forbiddenPath } from "./artifact_rules.ts";
import type { Artifact, RestorePlace } from "./cache.ts";
import { compileArtifacts } from "./patterns.ts";
import type { StatMemo } from "./stat_memo.ts";
import { join, walkArtifacts, type Walked } from "./walk.ts";

/** Staged files of other processes are left alone for so long. */
const ABANDONED_MS = 3_600_000;

/** All that has to happen to the working tree; nothing of it has happened yet. */
export interface RestorePlan {
  /** Artifacts that are not yet as they should be, in order of their paths. */
  readonly write: readonly Wanted[];
  /** Files and links to remove: stale ones, and what stands in the way. */
  readonly remove: readonly string[];
  /** Directories that have to go because a file takes their place; innermost first. */
  readonly replace: readonly string[];
  /** Directories that the entry does not have: removed where nothing is left in them; innermost first. */
  readonly prune: readonly string[];
  /** Files and links that would be lost: stale ones, and those that are not as the entry has them. */
  readonly displaced: readonly string[];
}

export interface Wanted {
  readonly artifact: Artifact;
  /** The innermost directory above it that is there already, where it can be staged. */
  readonly stageIn: string;
}

/** What planning may ask and look at. */
export interface RestoreView {
  readonly files: Files;
  readonly clock: Clock;
  readonly memo: StatMemo;
  /** Of a mode only the owner's exec bit counts, because git keeps no more. */
  readonly execBitOnly?: boolean;
}

/** The entry asks for something that must not be done. Nothing was written. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** The user's own work stands in the way. Nothing was written. */
export class Conflict extends Error {
  override readonly name = "Conflict";

  constructor(path: string, what = "is not what an earlier run wrote") {
    super(`"${oneLine(path)}" ${what}`);
  }
}

/**
 * Compares the working tree with an entry's artifacts. Only looks; one lstat per artifact and directory, and
 * one reading of files that changed since they were last looked at.
 *
 * @throws {Refused} For paths that the command may not write, and for what cannot be moved out of the way;
 * {@link Conflict} where something that has to stay is in the way; the system's error where something cannot
 * be read.
 */
export function planRestore(
  view: RestoreView,
  artifacts: readonly Artifact[],
  place: RestorePlace,
): RestorePlan {
  const compiled = compileArtifacts(place.patterns);
  for (const { path, kind } of artifacts) {
    const why = forbiddenPath(path);
    if (why !== undefined) throw new Refused(`The artifact "${path}" ${why}`);
    if (!compiled.matches(path, kind === "directory")) {
      throw new Refused(`The artifact "${path}" matches no artifact pattern of the command`);
    }
  }
  const walked = walkArtifacts(view.files, place.root, compiled);
  return new Planning(view, artifacts, place, walked).plan();
}

/**
 * Whether what stands at an artifact's place is the artifact.
 *
 * @throws The system's error where a file cannot be read.
 */
export function isRight(view: RestoreView, root: string, artifact: Artifact, stat: Stat): boolean {
  const { path, kind, mode, size, content } = artifact;
  if (kind === "link") {
    if (stat.kind !== "symlink") return false;
    return sha256(encodeName(view.files.readLink(join(root, path)))) === content;
  }
  if (stat.kind !== kind) return false;
  // Directories inherit setgid from where they lie; on a file it was left out when it was stored.
  const bits = view.execBitOnly === true ? 0o100 : kind === "directory" ? 0o777 : 0o7777;
  if ((stat.mode & bits) !== (mode & bits)) return false;
  if (kind === "directory") return true;
  return stat.size === size && view.memo.contentOf(root, path, stat) === content;
}

/** What is known half-way through one comparison. */
class Planning {
  readonly #remove: Set<string>;
  readonly #replace: string[] = [];
  readonly #write: Wanted[] = [];
  readonly #displaced: string[];
  /** Per directory above an artifact: whether it is there, without a symlink on the way. */
  readonly #there = new Map<string, boolean>([["", true]]);

  constructor(
    readonly view: RestoreView,
    readonly artifacts: readonly Artifact[],
    readonly place: RestorePlace,
    readonly walked: Walked,
  ) {
    const wanted = new Set(artifacts.map(({ path }) => path));
    const stale = walked.found.filter(({ path, kind }) =>
      kind !== "other" && !wanted.has(path) && !place.isTracked(path)
    );
    this.#remove = new Set(stale.map(({ path }) => path));
    this.#displaced = [...this.#remove];
  }

  plan(): RestorePlan {
    for (const artifact of this.artifacts) {
      const isThere = this.#isThere(parentPath(artifact.path), artifact.path);
      const stat = isThere
        ? this.view.files.lstat(join(this.place.root, artifact.path))
        : undefined;
      if (stat !== undefined && isRight(this.view, this.place.root, artifact, stat)) continue;
      if (stat !== undefined) this.#clearTheWay(artifact, stat);
      // Git has it and the working tree has not: only its user knows whether it is to come back.
      else if (artifact.kind !== "directory" && this.place.isTracked(artifact.path)) {
        throw new Conflict(artifact.path, "was deleted, and git still has it");
      }
      this.#write.push({ artifact, stageIn: this.#stageIn(artifact.path) });
    }
    const abandoned = this.walked.staged.filter((path) => this.#isAbandoned(path));
    return {
      write: this.#write,
      remove: [...this.#remove, ...abandoned].sort(byCodeUnit),
      replace: this.#replace.toReversed(),
      prune: this.#prunable(),
      displaced: this.#displaced.sort(byCodeUnit),
    };
  }

  /** Whether a directory stands where an artifact's parent must be; what stands there instead must be stale. */
  #isThere(directory: string, path: string): boolean {
    const steps: string[] = [];
    for (let at = directory; !this.#there.has(at); at = parentPath(at)) steps.push(at);
    for (const step of steps.reverse()) {
      const above = this.#there.get(parentPath(step))!;
      const stat = above ? this.view.files.lstat(join(this.place.root, step)) : undefined;
      if (stat !== undefined && stat.kind !== "directory" && !this.#remove.has(step)) {
        if (stat.kind !== "symlink") throw new Conflict(step);
        throw new Refused(`The artifact "${path}" leads through the symlink "${step}"`);
      }
      this.#there.set(step, stat?.kind === "directory");
    }
    return this.#there.get(directory)!;
  }

  #stageIn(path: string): string {
    let directory = parentPath(path);
    while (!this.#there.get(directory)) directory = parentPath(directory);
    return directory;
  }

  /** A rename replaces files and links by itself; directories must go, and files where a directory must be. */
  #clearTheWay({ path, kind }: Artifact, stat: Stat): void {
    if (stat.kind === "directory") {
      if (kind !== "directory") this.#emptyOut(path);
      return;
    }
    this.#displaced.push(path);
    if (kind === "directory") this.#remove.add(path);
  }

  /** Notes a directory and all below it for removal; throws where it holds anything that has to stay. */
  #emptyOut(path: string): void {
    const stack = [path];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      this.#replace.push(at);
      for (const { name, kind } of this.view.files.list(join(this.place.root, at)) ?? []) {
        const inner = `${at}/${name}`;
        if (kind === "directory") stack.push(inner);
        else if (!this.#remove.has(inner)) throw new Conflict(inner);
      }
    }
  }

  #isAbandoned(path: string): boolean {
    const stat = this.view.files.lstat(join(this.place.root, path));
    if (stat === undefined || stat.kind === "directory") return false;
    return Number(stat.mtimeNs / 1_000_000n) < this.view.clock.now() - ABANDONED_MS;
  }

  #prunable(): string[] {
    const kept = new Set(this.#there.keys());
    for (const { path } of this.artifacts) kept.add(path);
    return this.walked.directories.map(({ path }) => path)
      .filter((path) => !kept.has(path))
      .sort((a, b) => byCodeUnit(b, a));
  }
}
