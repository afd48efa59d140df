import { messageOf } from "../../../base/message_of.ts";
import { QikError } from "../../../base/problems.ts";
import type { MetaCall } from "../../meta_spec.ts";
import type { AppParts, Exit } from "../../parts.ts";
import { chosenResults, openCache } from "./open.ts";
import { print, printJson, resultRecord, totalLine } from "./print.ts";

/** `qik :cache rm RESULT…`. Whoever reads one of them at this moment has a miss, nothing worse. */
export async function run(parts: AppParts, call: MetaCall): Promise<Exit> {
  const { sys } = parts;
  const cache = await openCache(parts, call);
  const results = chosenResults(cache, call.words);
  const { remote } = cache;
  const gone = results.flatMap(({ files }) => files);
  if (remote !== undefined) await remote.remove(gone);
  else gone.forEach((file) => remove(parts, file));
  if (call.json) printJson(sys, results.map(resultRecord));
  else print(sys, `Removed ${totalLine(results)}`);
  return { code: 0 };
}

function remove({ sys: { files } }: AppParts, file: string): void {
  try {
    files.remove(file);
  } catch (error) {
    const message = `Cannot remove "${file}": ${messageOf(error)}`;
    throw new QikError({ code: "cache-unwritable", message }, { cause: error });
  }
}
