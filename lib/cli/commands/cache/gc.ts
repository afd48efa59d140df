import { parseDuration } from "../../../base/duration.ts";
import { QikError } from "../../../base/problems.ts";
import { formatSize, parseSize } from "../../../base/size.ts";
import { collect } from "../../../cache/collection.ts";
import type { MetaCall } from "../../meta_spec.ts";
import type { AppParts, Exit } from "../../parts.ts";
import { besideStore, storeLimits } from "../../tidy.ts";
import { openCache } from "./open.ts";
import { print, printJson, progress } from "./print.ts";

/** `qik :cache gc [--max-size SIZE] [--max-age AGE]`. */
export async function run(parts: AppParts, call: MetaCall): Promise<Exit> {
  const { sys } = parts;
  const maxSize = given(call, "max-size", parseSize, '"10GB" or "500MiB"');
  const maxAgeMs = given(call, "max-age", parseDuration, '"12h" or "7d"');
  const { project, kind, remote } = await openCache(parts, call, false);
  const { plan: { config }, paths } = project;
  if (kind === "repo") {
    const message = "Cannot collect the repo cache: its files are yours";
    throw new QikError({ code: "usage", message, hint: "Remove results with: qik :cache rm" });
  }
  const { files, clock } = sys;
  const limits = storeLimits(config);
  const told = progress(sys, "Collecting files:");
  const collected = remote !== undefined
    ? await remote.collect({ maxSize, maxAgeMs })
    : await collect({
      files,
      clock,
      dir: paths.cacheDir,
      beside: besideStore(files, paths),
      maxSize: maxSize ?? limits.maxSize,
      maxAgeMs: maxAgeMs ?? limits.maxAgeMs,
      onStep: told.step,
    });
  told.end();
  const { entries, blobs, leftovers, freed, left } = collected;
  if (call.json) {
    printJson(sys, { results: entries, contents: blobs, leftovers, freed, left });
  } else {
    const what = `${entries} ${entries === 1 ? "result" : "results"}`;
    const kept = remote === undefined && maxSize !== undefined && left > maxSize
      ? ", used within the last hour"
      : "";
    print(
      sys,
      `Removed ${what}, freed ${formatSize(freed)}; ${formatSize(left)} are left${kept}\n`,
    );
  }
  return { code: 0 };
}

function given(
  { options }: MetaCall,
  name: string,
  parse: (text: string) => number | undefined,
  example: string,
): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const value = parse(`${text}`);
  if (value !== undefined) return value;
  throw new QikError({
    code: "usage",
    message: `Cannot use "${text}" as --${name}`,
    hint: `Write it such as ${example}`,
  });
}
