import { decodeName, encodeName } from "../base/bytes.ts";
import { QikError } from "../base/problems.ts";
import type { BulkLstat } from "../sys/bulk_stat.ts";
import { sha256 } from "../sys/digest.ts";
import type { Sys } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import type { Algorithm } from "./algorithm.ts";
import { configPlaces } from "./config_places.ts";
import { openConversions } from "./conversions.ts";
import type { Git, Repository } from "./git_call.ts";
import { ignoreFiles } from "./ignore_files.ts";
import { openIgnoreSettings } from "./ignore_settings.ts";
import { ENTRY, hexOf, type IndexFile, readIndexFile, sealOf } from "./index_file.ts";
import { encodeIndexMemo, FEW_NAMES, readIndexMemo } from "./index_memo.ts";
import { namesEndingIn } from "./names.ts";
import { readFormat } from "./repository_format.ts";
import { indexOfPath } from "./roll.ts";
import type { Tracked } from "./source.ts";
import { openVouch } from "./vouch.ts";

/** Times that the index may be replaced under the reader. */
const TRIES = 3;

export interface IndexRequest {
  readonly sys: Sys;
  readonly root: string;
  readonly repository: Repository;
  /** The root below the top of the repository, `""` or `dir/`. */
  readonly top: string;
  readonly git: Git;
  readonly lstat: BulkLstat;
  readonly stateDir: string;
}

interface ReadTracked extends Tracked {
  readonly algorithm: Algorithm;
  /** Whether there are ignore rules that are not checked out: git alone reads them, from the index. */
  readonly skipsRules: boolean;
}

/**
 * What the index file itself says, without a git process.
 *
 * @returns `undefined` where git must be asked instead: something about the repository is unusual, there is no index
 * yet, or it is damaged or of a kind that is not read here. git's answer, or what it complains of, then counts.
 */
export async function readTracked(
  request: IndexRequest,
): Promise<ReadTracked | undefined> {
  const { sys, root, repository, top, git, lstat, stateDir } = request;
  const format = unlessClosed(() => readFormat(sys, repository));
  const read = format &&
    unlessClosed(
      () => readSnapshot(sys, repository.indexPath, format.algorithm, top, `${stateDir}/index`),
    );
  if (format === undefined || read === undefined) return undefined;
  const { index, writtenNs } = read;
  const ruled = rulesIn(index);
  const places = configPlaces(sys);
  const conversions = await openConversions({
    sys,
    root,
    repository,
    format,
    places,
    git,
    ruled,
    lstat,
  });
  const sinceMs = rulesHoldSince(sys, stateDir, conversions.mark);
  const vouch = openVouch(index, format.algorithm, writtenNs, sinceMs);
  const { paths, text, modules, links } = index;
  const ignoredBy = ignoreFiles(sys, format, places, repository.top, root);
  const { skipsRules } = index;
  const settings = ignoredBy === undefined || skipsRules
    ? undefined
    : unlessClosed(() => openIgnoreSettings(sys, format, places, root, ignoredBy));
  const rest = { algorithm: format.algorithm, skipsRules, ignoredBy, settings };
  const remember = read.isKnown ? undefined : () => rememberEntries(request, index);
  return { paths, text, modules, links, index: { vouch, conversions }, remember, ...rest };
}

/** The `.gitattributes` files in the index and their ids. */
function rulesIn({ paths, text, starts, bytes, idBytes }: IndexFile): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const path of namesEndingIn(text, ".gitattributes")) {
    const id = starts[indexOfPath(paths, path)]! + ENTRY.id;
    found.set(path, hexOf(bytes.subarray(id, id + idBytes)));
  }
  return found;
}

/**
 * When the rules of conversion were last seen to change, in milliseconds; 0 where they were always these.
 *
 * git does not look again at files when rules change: its ids still are what the old rules made of the bytes.
 */
function rulesHoldSince({ files, clock }: Sys, stateDir: string, mark: string): number {
  const path = `${stateDir}/conversions`;
  const digest = sha256(encodeName(mark));
  const text = textOf(files, path);
  const known = /^([0-9a-f]{64}) (\d+)\n$/.exec(text);
  if (known?.[1] === digest) return Number(known[2]);
  const since = text === "" ? 0 : clock.now();
  try {
    files.writeAtomic(path, encodeName(`${digest} ${since}\n`), 0o600);
  } catch {
    // Where nothing can be remembered, each run is the first one.
  }
  return since;
}

/** What cannot be read is taken for damaged. */
function textOf(files: Sys["files"], path: string): string {
  try {
    return decodeName(files.read(path) ?? new Uint8Array());
  } catch {
    return "damaged";
  }
}

function noFile(path: string): QikError {
  return new QikError({
    code: "git-failed",
    message: `Cannot read git's index "${path}": it is no file`,
    hint: "Remove it, and let git make it anew with: git reset",
  });
}

/** The index and when it was written: git replaces the file as a whole, so a stat before and after tells. */
function readSnapshot(
  { files }: Sys,
  path: string,
  algorithm: Algorithm,
  top: string,
  memoPath: string,
): { index: IndexFile; writtenNs: bigint; isKnown: boolean } | undefined {
  for (let tried = 0; tried < TRIES; tried++) {
    const before = files.stat(path);
    // git would wait for ever for what somebody may write into a pipe.
    if (before?.kind === "other") throw noFile(path);
    if (before?.kind !== "file") return undefined;
    const bytes = files.read(path);
    const after = files.stat(path);
    const same = before.ino === after?.ino && before.mtimeNs === after.mtimeNs &&
      before.ctimeNs === after.ctimeNs && bytes?.length === after.size;
    if (!same) continue;
    let isKnown = false;
    const index = readIndexFile(bytes, algorithm, top, (seal) => {
      const known = readIndexMemo(files, memoPath, `${seal}/${top}`);
      isKnown = known !== undefined;
      return known;
    });
    // A time that somebody set by hand, or a copy brought along, may lie after the writing.
    const { mtimeNs, ctimeNs } = before;
    return index && { index, isKnown, writtenNs: mtimeNs < ctimeNs ? mtimeNs : ctimeNs };
  }
  return undefined;
}

/** So that the next run need not read them one by one, where the index is the same. */
function rememberEntries({ sys: { files }, stateDir, top }: IndexRequest, index: IndexFile): void {
  const { bytes, idBytes, ...entries } = index;
  const seal = sealOf(bytes, idBytes);
  if (entries.paths.length < FEW_NAMES || /^0*$/.test(seal)) return;
  const memo = encodeIndexMemo({ seal: `${seal}/${top}`, entries });
  files.writeAtomic(`${stateDir}/index`, memo, 0o600);
}
