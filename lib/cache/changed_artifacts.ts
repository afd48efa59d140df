import { bulkLstat, newStatRows, statKind, statTimes } from "../sys/bulk_stat.ts";
import { encodeName } from "../base/bytes.ts";
import { sha256 } from "../sys/digest.ts";
import type { Files } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { digestFile } from "./blobs.ts";
import type { Artifact } from "./cache.ts";

type Known = Pick<Artifact, "path" | "kind" | "content">;

/**
 * Artifacts that are no longer what they were at a moment. Costs one lstat for each; read are those only whose change
 * time lies after the moment.
 *
 * @param sinceMs Milliseconds since the epoch, when they were known to be right.
 */
export function changedArtifacts(
  files: Files,
  root: string,
  artifacts: readonly Known[],
  sinceMs: number,
): readonly string[] {
  const rows = newStatRows(artifacts.length);
  const unreadable = new Set(
    bulkLstat(root, artifacts.map(({ path }) => path), rows).map(({ row }) => row),
  );
  const sinceNs = BigInt(Math.floor(sinceMs)) * 1_000_000n;
  return artifacts.filter((artifact, row) => {
    if (unreadable.has(row) || kindAt(statKind(rows, row)) !== artifact.kind) return true;
    if (artifact.kind === "directory" || statTimes(rows, row)[1] < sinceNs) return false;
    return contentOf(files, `${root}/${artifact.path}`, artifact.kind) !== artifact.content;
  }).map(({ path }) => path);
}

function kindAt(kind: ReturnType<typeof statKind>): string {
  if (kind === "exec") return "file";
  return kind === "symlink" ? "link" : kind;
}

/** `undefined` where it cannot be read (any more). */
function contentOf(files: Files, path: string, kind: "file" | "link"): string | undefined {
  return unlessClosed(() =>
    kind === "link" ? sha256(encodeName(files.readLink(path))) : digestFile(files, path)?.content
  );
}
