import type { Manifest } from "../cache/cache.ts";
import { sha256 } from "../sys/digest.ts";
import type { Files } from "../sys/sys.ts";
import { LogWriter } from "./captured_log.ts";

/** Up to this size comparing a log is cheaper than writing it anew. */
const COMPARED = 1 << 16;

/**
 * Makes the place of a task's log ready for the one that is replayed. Never throws: a hit stands whatever is in the
 * way of its log.
 *
 * @param path Absolute.
 * @param masks What is written may differ from the log that was stored.
 * @returns Where the log goes; `undefined` where nothing is to be written, because the log is empty or the last run
 * left the same one, as it mostly did: then a hit writes nothing at all.
 */
export function openReplayedLog(
  files: Files,
  path: string,
  log: Manifest["log"],
  masks = false,
): LogWriter | undefined {
  try {
    const size = files.lstat(path)?.size ?? 0;
    if (log.size === 0) {
      // A log of an earlier run would be taken for this one's.
      if (size > 0) files.remove(path);
      return undefined;
    }
    if (size === log.size && size <= COMPARED && !masks) {
      const bytes = files.read(path);
      if (bytes !== undefined && sha256(bytes) === log.digest) return undefined;
    }
  } catch {
    if (log.size === 0) return undefined;
  }
  return new LogWriter(files, path, Infinity);
}
