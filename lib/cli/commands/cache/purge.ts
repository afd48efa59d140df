import { parseDuration } from "../../../base/duration.ts";
import { QikError } from "../../../base/problems.ts";
import { formatSize } from "../../../base/size.ts";
import type { PurgeFilter } from "../../../cache/remote/inventory.ts";
import { NO_KEY, readAcceptKey, readTime, SECRET } from "../../../cache/remote/keys.ts";
import { plural } from "../../../report/text.ts";
import type { MetaCall } from "../../meta_spec.ts";
import type { AppParts, Exit } from "../../parts.ts";
import { openCache } from "./open.ts";
import { print, printJson } from "./print.ts";

/** `qik :cache purge --cache NAME [--scope SCOPE] [--keyid ID] [--since TIME] [--dry-run]`. */
export async function run(parts: AppParts, call: MetaCall): Promise<Exit> {
  const { sys } = parts;
  const filter = await filterOf(call, sys.clock.now());
  const { remote } = await openCache(parts, call, false);
  if (remote === undefined) {
    throw bad(
      `Cannot purge the cache "${call.options["cache"] ?? "local"}": it has no scopes and no keys`,
      "Name a remote with --cache, or remove results with: qik :cache rm",
    );
  }
  const dryRun = call.options["dry-run"] === true;
  const { results, freed } = await remote.purge(filter, dryRun);
  if (call.json) printJson(sys, { results, freed, dryRun });
  else {
    const verb = dryRun ? "Would remove" : "Removed";
    print(sys, `${verb} ${plural(results, "result")}, ${formatSize(freed)} of records\n`);
  }
  return { code: 0 };
}

/** Without any filter everything would go, which nobody should get by forgetting one. */
async function filterOf({ options }: MetaCall, now: number): Promise<PurgeFilter> {
  const { scope, keyid, since } = options as Readonly<Record<string, string | undefined>>;
  if (scope === undefined && keyid === undefined && since === undefined) {
    throw bad("Cannot purge without a filter", "Say which: --scope, --keyid or --since");
  }
  return {
    ...(scope !== undefined && { scope: scopeFilter(scope) }),
    ...(keyid !== undefined && { keyId: await keyIdOf(keyid) }),
    ...(since !== undefined && { since: timeOf(since, now) }),
  };
}

function scopeFilter(text: string): (scope: string) => boolean {
  if (!/^[A-Za-z0-9._@+=/*-]+$/.test(text)) {
    throw bad(
      `Cannot use "${text}" as --scope`,
      "Write a scope such as pr/12, or pr/* for all below",
    );
  }
  const parts = text.split("*").map((part) => part.replaceAll(/[.+]/g, "\\$&"));
  const pattern = new RegExp(`^${parts.join(".*")}$`);
  return (scope) => pattern.test(scope);
}

/** Whoever revokes a key has it at hand as it stands in accept-keys. */
async function keyIdOf(text: string): Promise<string> {
  if (text === "none") return NO_KEY;
  if (/^[0-9a-f]{16}$/i.test(text)) return text.toLowerCase();
  const key = await readAcceptKey(text);
  if (key !== undefined) return key.id;
  throw bad(
    `Cannot use ${text.includes(SECRET) ? "a secret key" : `"${text}"`} as --keyid`,
    'Write the public key, the 16 digits that qik :cache show tells behind "signed by", or none',
  );
}

function timeOf(text: string, now: number): number {
  const ageMs = parseDuration(text);
  const at = ageMs === undefined ? readTime(text) : now - ageMs;
  if (at !== undefined) return at;
  throw bad(
    `Cannot use "${text}" as --since`,
    "Write it such as 2027-01-31, 2027-01-31T12:00:00Z or 12h",
  );
}

function bad(message: string, hint: string): QikError {
  return new QikError({ code: "usage", message, hint });
}
