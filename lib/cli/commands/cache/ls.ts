import { oneLine } from "../../../base/one_line.ts";
import { formatDuration } from "../../../base/duration.ts";
import { formatSize } from "../../../base/size.ts";
import type { StoredResult } from "../../../cache/inventory.ts";
import type { MetaCall } from "../../meta_spec.ts";
import type { AppParts, Exit } from "../../parts.ts";
import { chosenResults, openCache } from "./open.ts";
import { ago, columns, print, printJson, resultRecord, shortKey, totalLine } from "./print.ts";

/** `qik :cache ls [RESULT…]`. */
export async function run(parts: AppParts, call: MetaCall): Promise<Exit> {
  const { sys } = parts;
  const cache = await openCache(parts, call);
  const results = chosenResults(cache, call.words).toSorted((a, b) => b.usedAt - a.usedAt);
  if (call.json) printJson(sys, results.map(resultRecord));
  else print(sys, listed(results, sys.clock.now()) + totalLine(results));
  return { code: 0 };
}

function listed(results: readonly StoredResult[], now: number): string {
  return columns(results.map(({ manifest, usedAt, sizeBytes }) => {
    const { key, task, exit, tookMs } = manifest;
    const failed = exit === 0 ? "" : `  exit ${exit}`;
    return [
      shortKey(key),
      formatSize(sizeBytes),
      formatDuration(tookMs),
      ago(usedAt, now),
      oneLine(task) + failed,
    ];
  }));
}
