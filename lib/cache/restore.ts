import { decodeName } from "../base/bytes.ts";
import { parentPath } from "../base/paths.ts";
import { sha256 } from "../sys/digest.ts";
import type { Files, Reader } from "../sys/sys.ts";
import { forbiddenTarget } from "./artifact_rules.ts";
import { attempt, digestFile } from "./blobs.ts";
import type { Artifact, Manifest } from "./cache.ts";
import { readerOf } from "./replay.ts";
import { Refused, type RestorePlan, type Wanted } from "./restore_plan.ts";
import { join, STAGED } from "./walk.ts";

/** Contents up to this size are kept from verifying to writing, as long as the sum of these stays below `KEPT`. */
const SMALL = 1 << 18;
const KEPT = 1 << 23;

/** How many bytes may still be kept. */
export interface Room {
  bytes: number;
}

export function newRoom(): Room {
  return { bytes: KEPT };
}

/** The store does not hold what the entry promises. */
export class Damaged extends Error {
  override readonly name = "Damaged";

  /** `file`: a blob that is there but wrong; it has to go, or it would never be stored anew. */
  constructor(message: string, readonly file?: string) {
    super(message);
  }
}

/** Where the contents of an entry come from. */
export interface Contents {
  readonly inline: ReadonlyMap<string, Uint8Array>;
  /** Absolute path of the blob with this digest. */
  blob(digest: string): string;
}

/** A content that was verified: the bytes themselves, or the blob that has them. */
export type Verified = { readonly bytes: Uint8Array } | { readonly blob: string };

/**
 * Verifies the content of every artifact that has to be written, before anything is.
 *
 * @returns One content per item of `wanted`, in its order; nothing for directories.
 * @throws {Damaged} Where one is missing or wrong.
 * @throws {Refused} For a link to a forbidden place.
 */
export function verifyContents(
  files: Files,
  contents: Contents,
  wanted: readonly Wanted[],
  room: Room = newRoom(),
): (Verified | undefined)[] {
  return wanted.map(({ artifact }) => {
    if (artifact.kind === "directory") return undefined;
    const verified = verifyContent(files, contents, artifact, room.bytes > 0);
    if ("bytes" in verified) room.bytes -= verified.bytes.length;
    if (artifact.kind === "link") checkTarget(artifact.path, verified);
    return verified;
  });
}

function checkTarget(path: string, verified: Verified): void {
  if (!("bytes" in verified)) throw new Damaged(`The target of the artifact "${path}" is missing`);
  const why = forbiddenTarget(path, decodeName(verified.bytes));
  if (why !== undefined) throw new Refused(`The artifact "${path}" ${why}`);
}

/** Verifies one content; see {@link verifyContents}. `keep`: small contents may stay in memory. */
function verifyContent(
  files: Files,
  contents: Contents,
  wanted: { readonly path: string; readonly content: string; readonly size: number },
  keep: boolean,
): Verified {
  const { path, content, size } = wanted;
  const inline = contents.inline.get(content);
  if (inline !== undefined) {
    if (inline.length !== size) throw new Damaged(`The content of "${path}" has another size`);
    return { bytes: inline };
  }
  const blob = contents.blob(content);
  const stat = files.lstat(blob);
  if (stat === undefined) throw new Damaged(`The content of "${path}" is missing`);
  if (stat.kind !== "file" || stat.size !== size) throw wrong(blob, path);
  if (keep && size <= SMALL) {
    const bytes = files.read(blob);
    if (bytes === undefined || sha256(bytes) !== content) throw wrong(blob, path);
    return { bytes };
  }
  if (digestFile(files, blob)?.content !== content) throw wrong(blob, path);
  return { blob };
}

function wrong(blob: string, path: string): Damaged {
  return new Damaged(`The content of "${path}" is not what was stored`, blob);
}

/** Verifies a log and opens it for replay: a short one from memory, so that nothing can go wrong any more. */
export function openLog(files: Files, contents: Contents, log: Manifest["log"]): Reader {
  if (log.size === 0) return readerOf(new Uint8Array());
  const wanted = { path: "log", content: log.digest, size: log.size };
  const verified = verifyContent(files, contents, wanted, true);
  if ("bytes" in verified) return readerOf(verified.bytes);
  const reader = files.openReader(verified.blob);
  if (reader === undefined) throw new Damaged('The content of "log" is missing');
  return reader;
}

/**
 * Carries out a plan: everything new is written beside its place first, then moved there by renames, so
 * that a full disk leaves the working tree as it was.
 *
 * @param unique Text that no other process uses at the same time.
 * @throws The system's error. Before the first rename the tree is untouched; later it may be mixed, and the
 * caller has to run the command.
 */
export function carryOut(
  files: Files,
  root: string,
  plan: RestorePlan,
  contents: readonly (Verified | undefined)[],
  unique: string,
): void {
  const staged = new Map<string, string>();
  try {
    for (const [at, { artifact, stageIn }] of plan.write.entries()) {
      const content = contents[at];
      if (content === undefined) continue;
      const name = join(join(root, stageIn), `${STAGED}${unique}-${at}`);
      staged.set(artifact.path, name);
      stage(files, artifact, content, name);
    }
    for (const path of plan.remove) files.remove(join(root, path));
    for (const path of plan.replace) {
      if (!files.removeDirectory(join(root, path))) throw new Error(`Cannot replace "${path}"`);
    }
    putInPlace(files, root, plan.write, staged);
    for (const path of plan.prune) attempt(() => files.removeDirectory(join(root, path)));
  } finally {
    for (const name of staged.values()) attempt(() => files.remove(name));
  }
}

function stage(files: Files, artifact: Artifact, content: Verified, name: string): void {
  if (artifact.kind === "link") {
    files.symlink(decodeName((content as { bytes: Uint8Array }).bytes), name);
    return;
  }
  if ("blob" in content) files.copy(content.blob, name);
  else if (!files.create(name, content.bytes)) {
    throw new Error(`Cannot create "${name}": it exists`);
  }
  files.chmod(name, artifact.mode);
}

function putInPlace(
  files: Files,
  root: string,
  write: readonly Wanted[],
  staged: Map<string, string>,
): void {
  const made = new Set<string>();
  for (const { artifact, stageIn } of write) {
    const path = join(root, artifact.path);
    const parent = parentPath(artifact.path);
    if (parent !== stageIn && !made.has(parent)) files.makeDirectory(join(root, parent));
    made.add(parent);
    const from = staged.get(artifact.path);
    if (from === undefined) {
      files.makeDirectory(path);
      files.chmod(path, artifact.mode);
    } else {
      files.rename(from, path);
      staged.delete(artifact.path);
    }
  }
}
