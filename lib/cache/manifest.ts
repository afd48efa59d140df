import { byCodeUnit } from "../base/order.ts";
import { parentPath } from "../base/paths.ts";
import type { Artifact, Manifest, Origin, Producer } from "./cache.ts";

/** Longest symlink target that is stored: what Linux itself allows. */
export const MAX_TARGET = 4096;

/** Whether a text is a SHA-256 in lower-case hexadecimal, as contents are named by. */
export function isDigest(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/**
 * Reads a manifest that may have been written by anybody.
 *
 * @returns The manifest with exactly the known members, or in one line what is wrong with it. Paths are only
 * checked for order and contradictions here; where they may lead is for `restore` to judge.
 */
export function readManifest(value: unknown): Manifest | string {
  if (!isObject(value)) return "it is not an object";
  if (value["schema"] !== 1) return "its format is not known to this version";
  const { key, task, exit, tookMs, storedAt } = value;
  if (typeof key !== "string" || typeof task !== "string") return "its name is missing";
  if (!isCount(exit) || exit > 255) return "its exit code is missing";
  if (!isTime(tookMs) || !isTime(storedAt)) return "its times are missing";
  const log = readLog(value["log"]);
  if (log === undefined) return "its log is not described";
  const artifacts = readArtifacts(value["artifacts"]);
  if (typeof artifacts === "string") return artifacts;
  const origin = value["origin"] === undefined ? undefined : readOrigin(value["origin"]);
  // Without it the result would count as made here.
  if (origin === undefined && value["origin"] !== undefined) {
    return "its origin is not told in full";
  }
  const known = origin !== undefined && { origin };
  return { schema: 1, key, task, exit, tookMs, storedAt, log, artifacts, ...known };
}

function readOrigin(value: unknown): Origin | undefined {
  if (!isObject(value)) return undefined;
  const { remote, scope, keyId } = value;
  const producer = readProducer(value["producer"]);
  if (typeof remote !== "string" || typeof scope !== "string") return undefined;
  if (producer === undefined) return undefined;
  return { remote, scope, ...(typeof keyId === "string" && { keyId }), producer };
}

/** The known members of a producer, each a short text; `undefined` where it does not tell the least. */
export function readProducer(value: unknown): Producer | undefined {
  if (!isObject(value)) return undefined;
  const { at, qik, arch } = value;
  if (!isTime(at) || typeof qik !== "string" || typeof arch !== "string") return undefined;
  const told = (["repo", "ref", "commit", "event", "run"] as const).flatMap((name) => {
    const text = value[name];
    return typeof text === "string" && text.length <= 1024 ? [[name, text] as const] : [];
  });
  return { at, qik, arch, ...Object.fromEntries(told) };
}

function readLog(value: unknown): Manifest["log"] | undefined {
  if (!isObject(value)) return undefined;
  const { digest, size, turns } = value;
  if (typeof digest !== "string" || !isDigest(digest) || !isCount(size)) return undefined;
  if (!Array.isArray(turns)) return undefined;
  let total = 0;
  for (const turn of turns) {
    if (!Number.isSafeInteger(turn) || turn === 0) return undefined;
    total += Math.abs(turn);
  }
  return total === size ? { digest, size, turns: turns as number[] } : undefined;
}

function readArtifacts(value: unknown): Artifact[] | string {
  if (!Array.isArray(value)) return "its artifacts are not described";
  const artifacts: Artifact[] = [];
  for (const item of value) {
    const artifact = readArtifact(item);
    if (artifact === undefined) return "one of its artifacts is not described";
    artifacts.push(artifact);
  }
  return contradiction(artifacts) ?? artifacts;
}

function readArtifact(value: unknown): Artifact | undefined {
  if (!isObject(value)) return undefined;
  const { path, kind, mode, size, content } = value;
  if (typeof path !== "string" || typeof content !== "string") return undefined;
  if (!isCount(mode) || mode > 0o777 || !isCount(size)) return undefined;
  if (kind === "directory") {
    return content === "" && size === 0 ? { path, kind, mode, size, content } : undefined;
  }
  if (kind !== "file" && kind !== "link") return undefined;
  if (kind === "link" && (size === 0 || size > MAX_TARGET || mode !== 0)) return undefined;
  return isDigest(content) ? { path, kind, mode, size, content } : undefined;
}

/** Two artifacts at one path, or one inside another, cannot both be put in place. */
function contradiction(artifacts: readonly Artifact[]): string | undefined {
  const paths = new Set<string>();
  let before: string | undefined;
  for (const { path } of artifacts) {
    if (before !== undefined && byCodeUnit(before, path) >= 0) {
      return "its artifacts are not in order";
    }
    paths.add(path);
    before = path;
  }
  const parents = new Set<string>();
  for (const { path } of artifacts) {
    for (let above = parentPath(path); above !== "" && !parents.has(above);) {
      if (paths.has(above)) return `its artifact "${path}" lies in another artifact`;
      parents.add(above);
      above = parentPath(above);
    }
  }
  return undefined;
}

/** The members of a manifest in a fixed order, so that equal manifests have equal text. */
export function plainManifest(manifest: Manifest): Manifest {
  const { schema, key, task, exit, tookMs, storedAt, log, origin } = manifest;
  const artifacts = manifest.artifacts.map(({ path, kind, mode, size, content }) => ({
    path,
    kind,
    mode,
    size,
    content,
  }));
  const { digest, size, turns } = log;
  const plain = {
    schema,
    key,
    task,
    exit,
    tookMs,
    storedAt,
    log: { digest, size, turns },
    artifacts,
  };
  return origin === undefined ? plain : { ...plain, origin };
}

export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
