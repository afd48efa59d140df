import { oneLine } from "../../../base/one_line.ts";
import { formatDuration } from "../../../base/duration.ts";
import { formatSize } from "../../../base/size.ts";
import type { StoredResult } from "../../../cache/inventory.ts";
import type { RemoteResult } from "../../../cache/remote/inventory.ts";
import type { MetaCall } from "../../meta_spec.ts";
import type { AppParts, Exit } from "../../parts.ts";
import { chosenResults, openCache } from "./open.ts";
import { ago, columns, originRows, print, printJson, resultRecord } from "./print.ts";

/** `qik :cache show RESULT`. */
export async function run(parts: AppParts, call: MetaCall): Promise<Exit> {
  const { sys } = parts;
  const cache = await openCache(parts, call);
  const results = chosenResults(cache, call.words);
  const latest: StoredResult & Partial<RemoteResult> = results.reduce((a, b) =>
    b.manifest.storedAt > a.manifest.storedAt ? b : a
  );
  const { log, artifacts, origin } = latest.manifest;
  if (call.json) {
    printJson(sys, {
      ...resultRecord(latest),
      logBytes: log.size,
      artifacts,
      ...origin !== undefined && { origin },
      ...latest.namedKey !== undefined && { namedKey: latest.namedKey },
    });
  } else print(sys, shown(latest, sys.clock.now()));
  return { code: 0 };
}

function shown(
  { manifest, usedAt, sizeBytes, record, namedKey }: StoredResult & Partial<RemoteResult>,
  now: number,
): string {
  const { key, task, exit, tookMs, storedAt, log, artifacts, origin } = manifest;
  const facts = columns([
    ["task", oneLine(task)],
    ["key", key],
    ["exit code", `${exit}`],
    ["took", formatDuration(tookMs)],
    ...storedAt === 0 ? [] : [["stored", ago(storedAt, now)]],
    ["last used", ago(usedAt, now)],
    ["size", formatSize(sizeBytes)],
    ["log", formatSize(log.size)],
    ...origin === undefined ? [] : originRows(origin, signerOf(record, namedKey)),
    ["artifacts", `${artifacts.length}`],
  ]);
  return facts + columns(artifacts.map(({ kind, mode, size, path }) => [
    `  ${kind === "link" ? "link" : kind === "directory" ? "dir" : mode.toString(8)}`,
    kind === "file" ? formatSize(size) : "",
    oneLine(path),
  ]));
}

function signerOf(record: RemoteResult["record"] | undefined, namedKey: string | undefined) {
  if (record === undefined) return "no key was asked for";
  return namedKey === undefined ? "no key" : `${namedKey}, as its name says; not checked here`;
}
