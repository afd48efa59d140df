import { encodeName } from "../base/bytes.ts";
import { byCodeUnit } from "../base/order.ts";
import { sha256 } from "../sys/digest.ts";
import type { FileKind, Files, Stat } from "../sys/sys.ts";
import { forbiddenPath, forbiddenTarget } from "./artifact_rules.ts";
import type { Stored } from "./blobs.ts";
import type { Artifact } from "./cache.ts";
import { MAX_TARGET } from "./manifest.ts";
import { compileArtifacts } from "./patterns.ts";
import { join, walkArtifacts, type Walked } from "./walk.ts";

/** What is wrong with an artifact, as opposed to with the cache: the command's author can mend it. */
export class BadArtifact extends Error {
  override readonly name = "BadArtifact";
}

/** How contents are kept while artifacts are gathered; the repo cache only digests them. */
export interface ContentSink {
  file(path: string, size: number): Stored | undefined;
  /** The target of a link and its digest. */
  target(bytes: Uint8Array, content: string): void;
}

export interface GatherRequest {
  readonly files: Files;
  readonly root: string;
  readonly patterns: readonly string[];
  /** False where the command failed: then what it did not get to write is not missing. */
  readonly complete: boolean;
  readonly sink: ContentSink;
  /** As in `TaskResult`. */
  readonly isAlone?: (() => boolean) | undefined;
  /** Where patterns that selected nothing are noted, if the command succeeded. */
  readonly empty?: string[];
}

/**
 * Finds, checks and keeps everything on the disk that a command's artifact patterns select.
 *
 * @returns Sorted by code unit.
 * @throws {BadArtifact} For what must not or cannot be an artifact; the system's error from the sink.
 */
export function gatherArtifacts(request: GatherRequest): Artifact[] {
  const { files, root, patterns } = request;
  if (patterns.length === 0) return [];
  const compiled = compileArtifacts(patterns);
  for (const { pattern, path, literal } of compiled.roots) {
    const why = literal && path !== "" ? forbiddenPath(path) : undefined;
    if (why !== undefined) throw new BadArtifact(`The artifact pattern "${pattern}" ${why}`);
  }
  const walked = walkArtifacts(files, root, compiled);
  checkRoots(walked, request.complete);
  const artifacts: Artifact[] = [];
  for (const { path, kind } of walked.found) artifacts.push(keep(request, path, kind));
  for (const { path, empty } of walked.directories) {
    if (empty) artifacts.push(emptyDirectory(request, path));
  }
  if (request.isAlone?.() === false) {
    throw new BadArtifact("Another qik may have run it at the same time, for its lock was removed");
  }
  if (request.complete) request.empty?.push(...emptyPatterns(patterns, artifacts));
  return artifacts.sort((a, b) => byCodeUnit(a.path, b.path));
}

/** Patterns, in their order, that none of the artifacts matches; those that subtract are none. */
function emptyPatterns(
  patterns: readonly string[],
  artifacts: readonly Artifact[],
): string[] {
  return [...new Set(patterns)].filter((pattern) => {
    const { matches, roots } = compileArtifacts(patterns.length === 1 ? patterns : [pattern]);
    return roots.length > 0 &&
      !artifacts.some(({ path, kind }) => matches(path, kind === "directory"));
  });
}

function checkRoots({ absent, linked }: Walked, complete: boolean): void {
  const crossing = linked[0];
  if (crossing !== undefined) {
    const { root, link } = crossing;
    throw new BadArtifact(
      `The artifact pattern "${root.pattern}" leads through the symlink "${link}"`,
    );
  }
  const missing = complete ? absent.find(({ literal }) => literal) : undefined;
  if (missing !== undefined) {
    throw new BadArtifact(`The command did not write its artifact "${missing.pattern}"`);
  }
}

function keep(request: GatherRequest, path: string, kind: FileKind): Artifact {
  const why = forbiddenPath(path);
  if (why !== undefined) throw new BadArtifact(`The artifact "${path}" ${why}`);
  if (kind === "symlink") return keepLink(request, path);
  if (kind === "file") return keepFile(request, path);
  throw new BadArtifact(`The artifact "${path}" is a socket, a pipe or a device`);
}

function keepLink({ files, root, sink }: GatherRequest, path: string): Artifact {
  const target = files.readLink(join(root, path));
  const why = forbiddenTarget(path, target);
  if (why !== undefined) throw new BadArtifact(`The artifact "${path}" ${why}: "${target}"`);
  const bytes = encodeName(target);
  if (bytes.length > MAX_TARGET) {
    throw new BadArtifact(`The artifact "${path}" has a target too long`);
  }
  const content = sha256(bytes);
  sink.target(bytes, content);
  return { path, kind: "link", mode: 0, size: bytes.length, content };
}

function keepFile({ files, root, sink }: GatherRequest, path: string): Artifact {
  const absolute = join(root, path);
  const before = files.lstat(absolute);
  if (before?.kind !== "file") throw changing(path);
  const stored = sink.file(absolute, before.size);
  const after = files.lstat(absolute);
  if (stored === undefined || after === undefined || !same(before, after)) throw changing(path);
  if (stored.size !== before.size) throw changing(path);
  return {
    path,
    kind: "file",
    mode: before.mode & 0o777,
    size: stored.size,
    content: stored.content,
  };
}

function emptyDirectory({ files, root }: GatherRequest, path: string): Artifact {
  const why = forbiddenPath(path);
  if (why !== undefined) throw new BadArtifact(`The artifact "${path}" ${why}`);
  const mode = files.lstat(join(root, path))?.mode;
  if (mode === undefined) throw changing(path);
  return { path, kind: "directory", mode: mode & 0o777, size: 0, content: "" };
}

function changing(path: string): BadArtifact {
  return new BadArtifact(`The artifact "${path}" changed while it was stored`);
}

function same(before: Stat, after: Stat): boolean {
  return before.kind === after.kind && before.size === after.size && before.ino === after.ino &&
    before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs;
}
