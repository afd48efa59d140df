import { nearest } from "../../../base/nearest.ts";
import { QikError } from "../../../base/problems.ts";
import { cacheTypeOf } from "../../../config/cache_names.ts";
import { listed } from "../../../config/flaws.ts";
import { committedResults, type StoredResult, storedResults } from "../../../cache/inventory.ts";
import type { RemoteInventory } from "../../../cache/remote/inventory.ts";
import { wildcard } from "../../../plan/select.ts";
import type { MetaCall } from "../../meta_spec.ts";
import type { AppParts } from "../../parts.ts";
import { openProject, type Project } from "../../project.ts";

/** The cache that a call is about. */
export interface OpenedCache {
  readonly project: Project;
  readonly kind: "local" | "repo" | "remote";
  /** Set for a remote. */
  readonly remote?: RemoteInventory;
  results(): Iterable<StoredResult>;
}

/**
 * @param needsResults False: a remote is not asked for its results.
 * @throws {QikError} `cache-unknown` for a cache that is not there, `usage` for one that cannot be looked into
 * from here, and everything that is wrong with the configuration.
 */
export async function openCache(
  parts: AppParts,
  call: MetaCall,
  needsResults = true,
): Promise<OpenedCache> {
  const { files } = parts.sys;
  const project = await openProject(parts, call.invocation);
  const name = `${call.options["cache"] ?? "local"}`;
  const remote = await remoteOf(parts, project, name);
  if (remote !== undefined) {
    const results = needsResults ? await remote.results() : [];
    return { project, kind: "remote", remote, results: () => results };
  }
  const kind = kindOf(name, project);
  const { root, cacheDir } = project.paths;
  return {
    project,
    kind,
    results: () =>
      kind === "local" ? storedResults(files, cacheDir) : committedResults(files, root),
  };
}

async function remoteOf({ sys }: AppParts, project: Project, name: string) {
  const isKnown = project.plan.config.caches.some((cache) => cache.name === name);
  if (!isKnown) return undefined;
  const { openInventory } = await import("../../open_remote.ts");
  return await openInventory(sys, project, name);
}

function kindOf(name: string, { plan: { config } }: Project): "local" | "repo" {
  const type = cacheTypeOf(config, name);
  if (type === "local" || type === "repo") return type;
  const known = new Set(["local", "repo", ...config.caches.map((cache) => cache.name)]);
  if (name === "none" || known.has(name)) {
    throw new QikError({
      code: "usage",
      message: `Cannot look into the cache "${name}"`,
      hint: "Only local, repo and remote caches can be looked into",
    });
  }
  const [close] = nearest(name, known);
  throw new QikError({
    code: "cache-unknown",
    message: `Cannot find the cache "${name}"`,
    hint: close === undefined ? `Write ${listed([...known])}` : `Did you mean "${close}"?`,
  });
}

/**
 * Results that the words name, by the start of a key or by task.
 *
 * @param words None: all results.
 * @throws {QikError} `entry-unknown` for words that name none.
 */
export function chosenResults(
  { results }: OpenedCache,
  words: readonly string[],
): readonly StoredResult[] {
  const all = [...results()];
  if (words.length === 0) return all;
  const tasks = new Set(all.map(({ manifest }) => manifest.task));
  const chosen = new Set<StoredResult>();
  const unknown: string[] = [];
  for (const word of words) {
    const named = namedBy(word, all, tasks);
    if (named.length === 0) unknown.push(word);
    named.forEach((result) => chosen.add(result));
  }
  if (unknown.length > 0) throw new QikError(unknown.map((word) => unknownResult(word, tasks)));
  return all.filter((result) => chosen.has(result));
}

function namedBy(
  word: string,
  all: readonly StoredResult[],
  tasks: ReadonlySet<string>,
): readonly StoredResult[] {
  const wanted = new Set(/[*?[]/.test(word) ? wildcard(word, tasks) : [word]);
  const ofTask = all.filter(({ manifest: { task } }) =>
    wanted.has(task) || wanted.has(task.replace(/[@#].*$/s, ""))
  );
  if (ofTask.length > 0 || !/^[0-9a-f]{4,}$/.test(word)) return ofTask;
  return all.filter(({ manifest }) => manifest.key.startsWith(word));
}

function unknownResult(word: string, tasks: ReadonlySet<string>) {
  const [close] = nearest(word, tasks);
  return {
    code: "entry-unknown",
    message: `Cannot find a stored result for "${word}"`,
    ...(close !== undefined && { hint: `Did you mean "${close}"?` }),
  } as const;
}
