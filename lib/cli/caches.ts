import { digestFile } from "../cache/blobs.ts";
import type { Artifact, Cache } from "../cache/cache.ts";
import { explainMiss } from "../cache/explain.ts";
import { BadArtifact, gatherArtifacts } from "../cache/gather.ts";
import { openLocalCache } from "../cache/local.ts";
import { madeHere } from "../cache/made_here.ts";
import { noCache, unread } from "../cache/none.ts";
import { openRepoCache, type RepoCache } from "../cache/repo.ts";
import { repoEntryFile } from "../cache/repo_files.ts";
import { QikError } from "../base/problems.ts";
import { cacheTypeOf } from "../config/cache_names.ts";
import type { Config } from "../config/types.ts";
import { intentToAdd } from "../git/intent_to_add.ts";
import type { ProtectedTree } from "../git/protected_tree.ts";
import { fillJson } from "../plan/fill.ts";
import type { Task } from "../plan/types.ts";
import { Sightings } from "../proof/sightings.ts";
import type { Sys } from "../sys/sys.ts";
import type { Project } from "./project.ts";
import { Remotes } from "./remotes.ts";

/** The caches of a project, by the names that commands use. */
export interface Caches {
  get(name: string): Cache;
  /** What the local cache asked about files, where that was wanted. */
  readonly sightings: Sightings | undefined;
  readonly remotes: Remotes;
  /** Artifacts of a task as they are on disk, for the keys of its dependants where it takes no part itself. */
  artifactsOnDisk(task: Task): readonly Artifact[];
  /** One line that says what differs from the nearest earlier entry of the task that is known here. */
  explainMiss(
    task: Task,
    key: string,
    lines: readonly string[],
    ranBefore?: boolean,
  ): string;
  /** Writes what was learned about the working tree; never fails. */
  save(): void;
}

/**
 * Opens caches when they are first asked for, so that a run without the repo cache never looks for it.
 *
 * @param watched Whether a proof may want to know what the local cache asked.
 */
export function openCaches(sys: Sys, project: Project, watched = false): Caches {
  const { files, clock } = sys;
  const { root, cacheDir, stateDir } = project.paths;
  const sightings = watched ? new Sightings(files, root) : undefined;
  const local = openLocalCache({
    files: sightings?.files ?? files,
    clock,
    dir: cacheDir,
    stateDir,
    ...(sightings !== undefined && { onEntry: sightings.saw }),
  });
  const made = madeHere(local);
  const own = sightings?.watch(made) ?? made;
  let repo: RepoCache | undefined;
  const opened = new Map<string, Cache>([["none", noCache]]);
  const typeOf = (name: string) => cacheTypeOf(project.plan.config, name);
  const remotes = new Remotes({ sys, project, local });
  const kept = (name: string): Cache => {
    if (typeOf(name) === "local") return own;
    if (typeOf(name) === "repo") {
      if (repo !== undefined) return repo;
      return repo = openRepo(sys, project);
    }
    return pluginCache(name, own, sys, project);
  };
  const open = (name: string): Cache => {
    const remote = remotes.find(name);
    if (remote !== undefined) return remote;
    return project.settings.signers === undefined ? kept(name) : unread(kept(name), UNSIGNED);
  };
  return {
    remotes,
    sightings,
    get(name) {
      const known = opened.get(name);
      if (known !== undefined) return known;
      const fresh = open(name);
      opened.set(name, fresh);
      return fresh;
    },
    artifactsOnDisk: (task) => onDisk(sys, root, task),
    explainMiss({ name, cache, command }, key, lines, ranBefore = false) {
      const stands = (path: string) => files.lstat(`${root}/${path}`) !== undefined;
      const place = { files, dir: cacheDir, task: name };
      const why = explainMiss({ ...place, lines, key, ranBefore, stands });
      if (why !== "first run" || typeOf(cache) !== "repo") return why;
      const entry = repoEntryFile(root, command.name, name);
      return files.lstat(entry) === undefined ? why : "its committed result is of other inputs";
    },
    save() {
      local.save();
      repo?.save();
    },
  };
}

const UNSIGNED = "only signed results of remotes count";

function openRepo(sys: Sys, { plan, paths: { root, stateDir, cacheDir } }: Project): RepoCache {
  const ref = protectedRef(plan.config, sys.env);
  let tree: Promise<ProtectedTree | string> | undefined;
  return openRepoCache({
    files: sys.files,
    clock: sys.clock,
    root,
    stateDir,
    explainDir: cacheDir,
    intentToAdd: (paths) => intentToAdd(sys, root, paths),
    prepare: async () => {
      const { registerMergeDriver } = await import("../git/merge_driver.ts");
      await registerMergeDriver(sys, root);
    },
    ...(ref !== undefined && {
      async distrust(entry) {
        const { openProtectedTree } = await import("../git/protected_tree.ts");
        const trusted = await (tree ??= openProtectedTree(sys, root, ref, ".qik/cache"));
        if (typeof trusted === "string") return `no entry can be trusted: ${trusted}`;
        if (entry.every((file) => trusted.isUnchanged(file))) return undefined;
        return `its entry is not the one of "${ref}"`;
      },
    }),
  });
}

/**
 * The branch whose entries alone are believed, where that is asked for. The environment can only add to what
 * `qik.toml` asks: a pull request may edit the one, not the other.
 */
function protectedRef({ caches }: Config, env: Sys["env"]): string | undefined {
  const settings = caches.filter(({ type }) => type === "repo")
    .map((cache) => cache.settings);
  const asked = settings.find(({ verify }) => verify === "changed");
  const given = env.QIK__PROTECTED_REF;
  if (given !== undefined && given !== "") return given;
  return asked === undefined ? undefined : `${asked["protected"] ?? "origin/HEAD"}`;
}

function onDisk({ files }: Sys, root: string, { name, artifacts }: Task): readonly Artifact[] {
  const sink = { file: (path: string) => digestFile(files, path), target: () => {} };
  try {
    return gatherArtifacts({ files, root, patterns: artifacts, complete: false, sink });
  } catch (error) {
    if (!(error instanceof BadArtifact)) throw error;
    const message = `Cannot read the artifacts of "${name}": ${error.message}`;
    throw new QikError({ code: "file-unreadable", message }, { cause: error });
  }
}

/** A cache of `[caches]` whose type a plugin brings. */
function pluginCache(
  name: string,
  local: Cache,
  sys: Sys,
  { plan, registry, filler }: Project,
): Cache {
  const config = plan.config.caches.find((cache) => cache.name === name);
  const type = config && registry.cacheTypes.get(config.type);
  if (config === undefined || type === undefined) {
    const message = `Cannot open the cache "${name}": no plugin offers its type`;
    throw new QikError({ code: "cache-unknown", message });
  }
  const [space] = plan.config.spaces;
  const settings = fillJson(
    config.settings,
    (text) => filler.fillSpace(text, space!, config.place),
  );
  return type.open({ name, settings: settings as never, local, env: sys.env });
}
