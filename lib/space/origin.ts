/** Where an installed distribution comes from, beside an index (PEP 610). */
import { withoutAccounts } from "../base/secrets.ts";
import type { Files } from "../sys/sys.ts";
import { sha256 } from "../sys/digest.ts";
import { field, jsonOf, textField } from "./fields.ts";
import { readText } from "./ports.ts";

/**
 * What tells an installed distribution from another one of the same version: the commit or digest that it was made
 * from; for one that was made from a directory, a digest of its files. Nothing that is about this machine.
 *
 * @param info Its `.dist-info` directory.
 * @returns `undefined` where it comes from an index, whose versions do not change, or is editable: then its files
 *   lie in the project, and it is them that count.
 */
export function originOf(files: Files, info: string): string | undefined {
  const direct = jsonOf(readText(files, `${info}/direct_url.json`));
  const url = withoutAccounts(textField(direct, "url") ?? "");
  const commit = textField(field(direct, "vcs_info"), "commit_id");
  if (commit !== undefined) return `${url}#${commit}`;
  const archive = field(direct, "archive_info");
  if (archive !== undefined) return archiveDigest(archive) ?? (url || undefined);
  const directory = field(direct, "dir_info");
  const isCopied = directory !== undefined && field(directory, "editable") !== true;
  return isCopied ? contentDigest(files, info) : undefined;
}

function archiveDigest(archive: unknown): string | undefined {
  const hashes = Object.entries(Object(field(archive, "hashes")) as Record<string, unknown>);
  const listed = hashes.map(([name, value]) => `${name}=${value}`).sort();
  return listed.length > 0 ? listed.join(" ") : textField(archive, "hash");
}

/** Scripts name the interpreter, and the metadata the directory: neither counts. */
function contentDigest(files: Files, info: string): string | undefined {
  const record = readText(files, `${info}/RECORD`);
  if (record === undefined) return undefined;
  const own = `${info.slice(info.lastIndexOf("/") + 1)}/`;
  const counted = record.split(/\r?\n/).filter((line) =>
    line !== "" && !/^"?(?:\.\.|\/)/.test(line) && !line.startsWith(own) &&
    !line.split(",", 1)[0]!.endsWith(".pyc")
  );
  return `sha256=${sha256(new TextEncoder().encode(counted.sort().join("\n")))}`;
}
