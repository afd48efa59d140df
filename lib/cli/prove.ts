import { Buffer } from "node:buffer";
import type { Hit, Manifest } from "../cache/cache.ts";
import { readerOf, replayTurns } from "../cache/replay.ts";
import { QikError } from "../base/problems.ts";
import { cacheTypeOf } from "../config/cache_names.ts";
import type { Task } from "../plan/types.ts";
import { makeProof } from "../proof/make.ts";
import type { Proof, Restorable, StoredEvent } from "../proof/proof.ts";
import { encodeProof } from "../proof/proof_file.ts";
import type { Sighting } from "../proof/sightings.ts";
import { Witness } from "../proof/witness.ts";
import { logPath } from "../run/log_file.ts";
import { MaskedOutput } from "../run/masked_output.ts";
import { isWanted } from "../run/result.ts";
import { errorCode, type Sys } from "../sys/sys.ts";
import { type Caches, openCaches } from "./caches.ts";
import type { Shown } from "./people.ts";
import { envDigest, ignoredVariables, isRecallable, proofName, proofsIn } from "./proofs.ts";
import type { RunRecord } from "./record.ts";
import { seenBy } from "./seen.ts";
import type { Session } from "./session.ts";

/** Warnings that the next run would give again. */
const LASTING: ReadonlySet<string> = new Set(["glob-empty", "lfs-pointer"]);
/** Logs longer than this together are read from the cache in each run. */
const MOST_LOG_BYTES = 1 << 20;
/** With more inputs memory is given back in between; below it is no matter. */
const MANY_FILES = 10_000;
/** Proofs that are kept: one for each command line that is in use. */
const MOST_PROOFS = 8;

/** A run that ended well. */
export interface EndedRun {
  readonly tasks: readonly Task[];
  readonly record: RunRecord;
  readonly shown: Shown;
}

/** Leaves a proof of the run for the next one, or none where there can be none. Never fails. */
export async function saveProof(sys: Sys, session: Session, run: EndedRun): Promise<void> {
  const { files, machine } = sys;
  if (machine.uid === undefined || !isRecallable(machine.args)) return;
  const directory = proofsIn(session.project.paths.root);
  const path = `${directory}/${await proofName(machine)}`;
  try {
    const proof = await prove(sys, session, run);
    if (proof === undefined) return files.remove(path);
    files.writeAtomic(path, encodeProof(proof), 0o600);
    dropOldest(sys, directory);
  } catch (error) {
    // It only saves time. What cannot be read here fails the next run, with a message.
    if (!(error instanceof QikError) && errorCode(error) === undefined) throw error;
  }
}

function dropOldest({ files }: Sys, directory: string): void {
  const proofs = (files.list(directory) ?? []).map(({ name }) => `${directory}/${name}`);
  if (proofs.length <= MOST_PROOFS) return;
  const age = (path: string) => files.lstat(path)?.mtimeNs ?? 0n;
  const byAge = proofs.map((path) => ({ path, at: age(path) }))
    .sort((a, b) => a.at < b.at ? -1 : a.at > b.at ? 1 : 0);
  for (const { path } of byAge.slice(0, proofs.length - MOST_PROOFS)) files.remove(path);
}

async function prove(sys: Sys, session: Session, run: EndedRun): Promise<Proof | undefined> {
  const { project: { paths, plan, secrets }, tree, witness } = session;
  const { tasks, record, shown } = run;
  if (record.keyed.size !== tasks.length || !isPlain(session)) return undefined;
  let files = 0;
  for (const { inputs } of record.keyed.values()) files += inputs.length;
  // What the run made and nobody needs any more would stay beside what is made here.
  const collect = () => files > MANY_FILES ? sys.machine.collect?.() : undefined;
  collect();
  const evidence = await tree.evidence();
  if (evidence === undefined) return undefined;
  collect();
  const caches = new Witness(sys, (path) => path.startsWith(`${paths.stateDir}/`));
  const restorable = new Map<number, Omit<Restorable, "rows">>();
  const events = await replayed(caches, sys, session, run, (task, manifest) => {
    if (isRestorable(session, task, manifest)) {
      restorable.set(task.index, { key: manifest.key, patterns: task.artifacts });
    }
  });
  caches.asker = undefined;
  collect();
  if (events === undefined) return undefined;
  const salt = crypto.randomUUID();
  const without = ignoredVariables(plan.config);
  const proof = makeProof({
    files: sys.files,
    root: paths.root,
    startedMs: witness!.sinceMs,
    evidence,
    witnesses: [witness!, caches],
    isOwn: (path) =>
      path.startsWith(`${paths.cacheDir}/`) || path.startsWith(`${paths.root}/._qik/out/`),
    restorable,
    text: {
      cacheDir: paths.cacheDir,
      env: { salt, without, digest: await envDigest(salt, sys.env, without) },
      madeAt: witness!.sinceMs,
      shown,
      tasks: secrets.deep(
        tasks.map(({ name, command }) => ({ task: name, command: command.name })),
      ),
      events: secrets.deep(events),
    },
  });
  collect();
  return proof;
}

/** Plugins that are no part of qik may read what nobody sees. */
function isPlain({ project: { plan: { config } } }: Session): boolean {
  return config.plugins.every(({ source }) => source.startsWith("qik."));
}

/**
 * What the next run will tell of each task: looked up as that run would do it, after everything has ended. Nothing may
 * be left to restore. What this run saw when it looked up or stored a result is not looked at again where all of it is
 * the same still.
 */
async function replayed(
  caches: Witness,
  outside: Sys,
  session: Session,
  { tasks, record }: EndedRun,
  /** Told of each task what was found. */
  onFound: (task: Task, found: Manifest) => void,
): Promise<readonly StoredEvent[] | undefined> {
  const sys = seenBy(caches, outside);
  const sought = openCaches(sys, session.project);
  const seen = sightingsOf(session, tasks, record);
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const events: StoredEvent[] = [];
  let logBytes = 0;
  for (const event of record.events) {
    if (event.type === "problem" && !LASTING.has(event.code)) return undefined;
    if (event.type !== "task-ended") {
      events.push(event as StoredEvent);
      continue;
    }
    const task = byName.get(event.task)!;
    caches.asker = task.index;
    const keyed = record.keyed.get(event.task);
    if (keyed === undefined || event.key !== keyed.key) return undefined;
    if (!await keyed.holds()) return undefined;
    const sighting = seen.get(keyed.key);
    if (sighting !== undefined) caches.take(sighting.asked);
    const found = sighting === undefined
      ? await foundHere(sought, session, task, keyed.key)
      : foundAgain(sighting);
    const told = found && isWanted(task, 0) ? replay(found, sys, session, task) : undefined;
    if (told === undefined) return undefined;
    onFound(task, found!.manifest);
    for (const each of told) logBytes += each.type === "task-output" ? each.base64.length : 0;
    if (logBytes > MOST_LOG_BYTES) return undefined;
    events.push(...told);
  }
  return events;
}

function sightingsOf(
  session: Session,
  tasks: readonly Task[],
  record: RunRecord,
): ReadonlyMap<string, Sighting> {
  const local = tasks.filter(({ cache }) => typeOf(session, cache) === "local");
  const keys = local.flatMap(({ name }) => record.keyed.get(name)?.key ?? []);
  return session.caches.sightings?.holding(keys) ?? new Map();
}

/** What git has is not brought back by a hit, and what other caches have may not be all here. */
function isRestorable(session: Session, task: Task, { artifacts }: Manifest): boolean {
  return typeOf(session, task.cache) === "local" &&
    !artifacts.some(({ path }) => session.tree.isTracked(path));
}

function typeOf({ project: { plan: { config } } }: Session, name: string): string {
  return cacheTypeOf(config, name);
}

/** A result that is in place, with its log. */
type Found = Pick<Hit, "manifest" | "replay">;

/**
 * What this machine's disk answers. A run asks no server about what is here, and whether that counts (scopes, keys,
 * what CI says) is decided by files and variables that the proof rests on.
 */
async function foundHere(
  caches: Caches,
  session: Session,
  { cache, artifacts }: Task,
  key: string,
): Promise<Found | undefined> {
  const isHere = ["local", "repo"].includes(typeOf(session, cache));
  const found = isHere
    ? await caches.get(cache).get(key)
    : await caches.remotes.find(cache)?.kept(key);
  if (found?.found !== true || found.hit.manifest.exit !== 0) return undefined;
  const restored = await found.hit.restore({
    root: session.project.paths.root,
    patterns: artifacts,
    isTracked: (path) => session.tree.isTracked(path),
    // Nothing can be in the way of what is in place.
    isListed: () => true,
  });
  return restored.ok && restored.written + restored.removed === 0 ? found.hit : undefined;
}

function foundAgain({ manifest, log }: Sighting): Found {
  return {
    manifest,
    replay: (onOutput) => replayTurns(readerOf(log), manifest.log.turns, onOutput),
  };
}

function replay(
  found: Found,
  { files }: Sys,
  { project: { paths: { root }, secrets } }: Session,
  task: Task,
): StoredEvent[] | undefined {
  const { key, log: { size }, tookMs } = found.manifest;
  const log = logPath(task.name);
  if ((files.lstat(`${root}/${log}`)?.size ?? 0) !== size) return undefined;
  const events: StoredEvent[] = [];
  const output = new MaskedOutput(() => secrets.stream(), (stream, bytes) => {
    const base64 = Buffer.from(bytes).toString("base64");
    events.push({ type: "task-output", task: task.name, stream, base64 });
  });
  found.replay((...piece) => output.push(...piece));
  output.end();
  events.push({
    type: "task-ended",
    task: task.name,
    ending: "hit",
    atMs: 0,
    tookMs: 0,
    cached: true,
    code: 0,
    key,
    savedMs: tookMs,
    ...(size > 0 && { log }),
  });
  return events;
}
