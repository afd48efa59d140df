import { VERSION } from "../base/version.ts";
import { recordRun } from "../cache/journal.ts";
import { type Ending, type QikEvent, tee } from "../events/events.ts";
import { OLDEST_MS, type Proof, type StoredEvent } from "../proof/proof.ts";
import { decodeProof, encodeProof } from "../proof/proof_file.ts";
import { verify } from "../proof/verify.ts";
import { MANIFEST_FILE, manifestReporter } from "../run/manifest_file.ts";
import { errorCode, type Sys } from "../sys/sys.ts";
import type { Exit } from "./parts.ts";
import { peopleReporter } from "./people.ts";
import { envDigest, isRecallable, proofName, proofsIn } from "./proofs.ts";

/** What of the outside a recalled run needs. */
export type RecallSys = Pick<Sys, "files" | "clock" | "machine" | "env" | "terminal">;

/**
 * A whole run without a plan, keys and caches: where an earlier run of the same command line left a proof, and
 * everything it rests on is unchanged, all tasks are hits and say what they would say.
 *
 * @returns `undefined` where the run has to be made: nothing was told then.
 */
export async function recallRun(sys: RecallSys): Promise<Exit | undefined> {
  const startedAt = sys.clock.monotonic();
  const since = sys.clock.now();
  const proof = await findProof(sys);
  if (proof === undefined) return undefined;
  const { text } = proof;
  const { files, clock } = sys;
  const people = await peopleReporter(sys, text.root, text.tasks.length, text.shown);
  const manifest = manifestReporter(files, `${text.root}/${MANIFEST_FILE}`);
  const reporter = tee([people, manifest]);
  const tookMs = clock.monotonic() - startedAt;
  reporter.on({
    type: "run-started",
    version: VERSION,
    root: text.root,
    workers: text.shown.workers,
    startedAt: clock.now(),
    tasks: text.tasks,
  });
  let savedMs = 0;
  for (const stored of text.events) {
    const event = eventOf(stored);
    if (event.type === "task-ended") savedMs += event.savedMs ?? 0;
    reporter.on(event);
  }
  const counts: Record<Ending, number> = {
    hit: text.tasks.length,
    ran: 0,
    failed: 0,
    skipped: 0,
    cancelled: 0,
  };
  reporter.on({ type: "run-ended", exit: 0, counts, tookMs, savedMs });
  reporter.close?.();
  const hits = text.tasks.length;
  recordRun(files, text.cacheDir, { since, runs: 1, hits, ran: 0, savedMs: Math.round(savedMs) });
  return { code: 0 };
}

function eventOf(stored: StoredEvent): QikEvent {
  if (stored.type !== "task-output") return stored;
  const { base64, ...event } = stored;
  return { ...event, bytes: bytesOf(base64), replayed: true };
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** The directory above; the same where there is none. */
function above(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

/** The proof for this command line, from the working directory upward, if everything in it still holds. */
async function findProof(sys: RecallSys): Promise<Proof | undefined> {
  const { machine } = sys;
  if (machine.uid === undefined || !isRecallable(machine.args)) return undefined;
  const name = await proofName(machine);
  for (let root = machine.cwd;; root = above(root)) {
    try {
      const found = await openProof(sys, root, `${proofsIn(root)}/${name}`);
      if (found !== "absent") return found;
    } catch (error) {
      if (errorCode(error) === undefined && !(error instanceof SyntaxError)) throw error;
      return undefined;
    }
    if (root === above(root)) return undefined;
  }
}

async function openProof(
  sys: RecallSys,
  root: string,
  path: string,
): Promise<Proof | undefined | "absent"> {
  const { files, clock, machine } = sys;
  const bytes = files.read(path);
  if (bytes === undefined) return "absent";
  const proof = decodeProof(bytes);
  // In a directory that many may write to it could be somebody else's.
  if (proof === undefined || files.lstat(path)?.uid !== machine.uid) return undefined;
  const { text } = proof;
  const startedMs = clock.now();
  const age = startedMs - text.madeAt;
  const isOurs = text.root === root && age >= 0 && age < OLDEST_MS &&
    await envDigest(text.env.salt, sys.env, text.env.without) === text.env.digest;
  const verified = isOurs ? verify(proof, { files, startedMs }) : undefined;
  if (verified === undefined) return undefined;
  const isLost = verified.lostPlaces.length > 0;
  if (isLost) {
    const { restoreLost } = await import("./recall_restore.ts");
    if (!await restoreLost(sys, proof, verified)) return undefined;
  }
  if (verified.renewed || isLost) files.writeAtomic(path, encodeProof(proof), 0o600);
  return proof;
}
