import { messageOf } from "../base/message_of.ts";
import { QikError } from "../base/problems.ts";
import type { Artifact, Cache, Hit, Manifest } from "../cache/cache.ts";
import type { Reporter } from "../events/events.ts";
import type { Task } from "../plan/types.ts";

/** A hit that was executed all the same, and how that ended. */
export interface Audited {
  readonly task: Task;
  readonly hit: Hit;
  readonly cache: Cache;
  readonly exit: number;
}

/** Differences that are told one by one. */
const SHOWN = 3;

/**
 * Chooses hits that are executed all the same, and compares what comes of it with what is stored: exit codes and
 * artifacts, byte for byte. A stored result that differs is taken out of use.
 */
export class Audit {
  readonly #share: number;
  readonly #reporter: Reporter;
  readonly #artifacts: (task: Task) => readonly Artifact[];
  readonly #chosen = new Map<number, boolean>();

  /**
   * @param share Of hits; above 0, at most 1.
   * @param artifacts What a task's artifacts are on disk.
   */
  constructor(
    share: number,
    reporter: Reporter,
    artifacts: (task: Task) => readonly Artifact[],
  ) {
    this.#share = share;
    this.#reporter = reporter;
    this.#artifacts = artifacts;
  }

  /** Decided once for each task. Code of qik's and of plugins is not chosen: a lock may be another one each day. */
  chooses({ index, code }: Task): boolean {
    const known = this.#chosen.get(index);
    if (known !== undefined) return known;
    const [chance = 0] = crypto.getRandomValues(new Uint32Array(1));
    const chosen = code === undefined && chance / 2 ** 32 < this.#share;
    this.#chosen.set(index, chosen);
    return chosen;
  }

  /** To be called before the new result is stored, and after its command has ended by itself. */
  async compare({ task, hit, cache, exit }: Audited): Promise<void> {
    const differences = differencesOf(hit.manifest, exit, this.#now(task));
    if (differences.length === 0) return;
    const shown = differences.slice(0, SHOWN).join(", ");
    const more = differences.length > SHOWN ? ` and ${differences.length - SHOWN} more` : "";
    const left = await outOfUse(cache, hit.manifest);
    this.#reporter.on({
      type: "problem",
      code: "audit-differs",
      message:
        `The stored result of "${task.name}" is not what its command does now: ${shown}${more}` +
        `; it was made ${makerOf(hit.manifest)}` + (left === undefined ? "" : `; ${left}`),
      task: task.name,
      place: task.command.place,
    });
  }

  #now(task: Task): readonly Artifact[] | string {
    try {
      return this.#artifacts(task);
    } catch (error) {
      if (error instanceof QikError) return error.message;
      throw error;
    }
  }
}

/** @returns What is left of it in use, in words. */
async function outOfUse(cache: Cache, manifest: Manifest): Promise<string | undefined> {
  try {
    if (cache.disown !== undefined) return await cache.disown(manifest);
    return `the cache "${cache.name}" cannot remove it`;
  } catch (error) {
    return `it could not be removed: ${messageOf(error)}`;
  }
}

function makerOf({ origin, storedAt }: Manifest): string {
  if (origin === undefined) {
    return storedAt === 0 ? "by whoever committed it" : `here, ${new Date(storedAt).toISOString()}`;
  }
  const { producer: { at, repo, ref, commit, run }, scope, keyId } = origin;
  const by = [repo, ref, commit?.slice(0, 12), run].filter((word) => word !== undefined);
  const signer = keyId === undefined ? "signed by nobody" : `signed by ${keyId}`;
  return [...by, `scope ${scope}`, signer, new Date(at).toISOString()].join(", ");
}

/** In words; empty where both are the same. */
function differencesOf(
  { exit: stored, artifacts, storedAt }: Pick<Manifest, "exit" | "artifacts" | "storedAt">,
  exit: number,
  now: readonly Artifact[] | string,
): readonly string[] {
  const ended = stored === exit ? [] : [`exit code ${exit} in place of ${stored}`];
  // What a command that fails leaves behind is not compared.
  if (exit !== 0 || ended.length > 0) return ended;
  if (typeof now === "string") return [now];
  // Committed results have no directories.
  const counted = storedAt === 0 ? now.filter(({ kind }) => kind !== "directory") : now;
  const before = new Map(artifacts.map((artifact) => [artifact.path, artifact]));
  const after = new Map(now.map((artifact) => [artifact.path, artifact]));
  const changed = counted.flatMap((artifact) => {
    const known = before.get(artifact.path);
    return known === undefined ? [`"${artifact.path}" is new`] : differenceOf(known, artifact);
  });
  const gone = artifacts.filter(({ path }) => !after.has(path)).map(({ path }) =>
    `"${path}" was not made`
  );
  return [...changed, ...gone];
}

function differenceOf(before: Artifact, after: Artifact): string[] {
  const { path } = after;
  if (before.kind !== after.kind) return [`"${path}" is a ${after.kind}, not a ${before.kind}`];
  if (before.content !== after.content) return [`"${path}" has another content`];
  // All other bits of a mode are the machine's umask.
  const isSame = after.kind !== "file" || (before.mode & 0o100) === (after.mode & 0o100);
  return isSame ? [] : [`"${path}" can be executed in one of them only`];
}
