import { Buffer } from "node:buffer";
import type { Lookup, Manifest } from "../cache/cache.ts";
import { QikError } from "../base/problems.ts";
import type { Task } from "../plan/types.ts";
import { makeProof } from "../proof/make.ts";
import type { Proof, Restorable, StoredEvent } from "../proof/proof.ts";
import { encodeProof } from "../proof/proof_file.ts";
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
  const events = await replayed(seenBy(caches, sys), session, run, (task, manifest) => {
    caches.asker = task.index;
    if (manifest !== undefined && isRestorable(session, task, manifest)) {
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
 * be left to restore.
 */
async function replayed(
  sys: Sys,
  session: Session,
  { tasks, record }: EndedRun,
  /** Told which task is looked up, and then what was found. */
  onTask: (task: Task, found?: Manifest) => void,
): Promise<readonly StoredEvent[] | undefined> {
  const { project } = session;
  const caches = openCaches(sys, project);
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
    onTask(task);
    const keyed = record.keyed.get(event.task);
    if (keyed === undefined || event.key !== keyed.key) return undefined;
    if (!await keyed.holds()) return undefined;
    const found = await foundHere(caches, session, task.cache, keyed.key);
    const told = await replay(found, sys, session, task, keyed.key);
    if (told === undefined) return undefined;
    if (found?.found) onTask(task, found.hit.manifest);
    for (const each of told) logBytes += each.type === "task-output" ? each.base64.length : 0;
    if (logBytes > MOST_LOG_BYTES) return undefined;
    events.push(...told);
  }
  return events;
}

/** What git has is not brought back by a hit, and what other caches have may not be all here. */
function isRestorable(session: Session, task: Task, { artifacts }: Manifest): boolean {
  return typeOf(session, task.cache) === "local" &&
    !artifacts.some(({ path }) => session.tree.isTracked(path));
}

function typeOf({ project: { plan: { config } } }: Session, name: string): string {
  return config.caches.find((cache) => cache.name === name)?.type ?? name;
}

/**
 * What this machine's disk answers. A run asks no server about what is here, and whether that counts (scopes, keys,
 * what CI says) is decided by files and variables that the proof rests on.
 */
async function foundHere(
  caches: Caches,
  session: Session,
  name: string,
  key: string,
): Promise<Lookup | undefined> {
  if (["local", "repo"].includes(typeOf(session, name))) return await caches.get(name).get(key);
  return await caches.remotes.find(name)?.kept(key);
}

async function replay(
  found: Lookup | undefined,
  { files }: Sys,
  { project: { paths: { root }, secrets }, tree }: Session,
  task: Task,
  key: string,
): Promise<StoredEvent[] | undefined> {
  if (found?.found !== true || found.hit.manifest.exit !== 0 || !isWanted(task, 0)) {
    return undefined;
  }
  const restored = await found.hit.restore({
    root,
    patterns: task.artifacts,
    isTracked: (path) => tree.isTracked(path),
    // Nothing can be in the way of what is in place.
    isListed: () => true,
  });
  if (!restored.ok || restored.written + restored.removed > 0) return undefined;
  const { manifest: { log: { size }, tookMs } } = found.hit;
  const log = logPath(task.name);
  if ((files.lstat(`${root}/${log}`)?.size ?? 0) !== size) return undefined;
  const events: StoredEvent[] = [];
  const output = new MaskedOutput(() => secrets.stream(), (stream, bytes) => {
    const base64 = Buffer.from(bytes).toString("base64");
    events.push({ type: "task-output", task: task.name, stream, base64 });
  });
  found.hit.replay((...piece) => output.push(...piece));
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
