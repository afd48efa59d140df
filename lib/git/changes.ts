import { nearest } from "../base/nearest.ts";
import { QikError } from "../base/problems.ts";
import { decodeName } from "../base/bytes.ts";
import { relative } from "node:path";
import type { Sys } from "../sys/sys.ts";
import { besideIndex } from "./beside_index.ts";
import { findRepository, Git, gitFailed } from "./git_call.ts";
import { splitNames } from "./names.ts";
import { type Past, pastOf, stagedOf } from "./past.ts";
import { compilePathspec, type Pathspec } from "./pathspec.ts";
import { inOrder, matchRoll, type Roll } from "./roll.ts";
import { isOwnFile } from "./source.ts";
import type { SelectOptions } from "./tree.ts";

/** What the working tree (for `staged`: the index) is compared with. */
export type Against =
  /** The merge base of a revision and HEAD; with `exact` the revision itself. */
  | { readonly kind: "since"; readonly ref: string; readonly exact: boolean }
  /** HEAD. */
  | { readonly kind: "changed" }
  /** What `git commit` would record, with HEAD. */
  | { readonly kind: "staged" };

/** The files that differ, as git tells them. */
export interface Changes {
  /** Relative to the root, in code-unit order: changed, new, deleted, both names of renamed ones, untracked ones. */
  readonly paths: readonly string[];
  /**
   * Those of the paths that a set of pathspecs selects, as `Tree.select` would, also where they are gone. Cost: one
   * matching for each pathspec, however often it is asked.
   */
  select(specs: readonly string[], options?: Pick<SelectOptions, "exclude">): readonly string[];
  /** The files as they were then. */
  readonly past: Past;
  /** What is compared with them where that is not the working tree. */
  readonly staged?: Past;
}

export interface ChangesRequest {
  readonly sys: Sys;
  /** Absolute root of the configuration. */
  readonly root: string;
  readonly against: Against;
  /** False: files that are not in the index are invisible. */
  readonly untracked: boolean;
}

/**
 * Asks git once what changed; costs three or four git processes, however many tasks there are.
 *
 * Renames are told as one file less and one more. A submodule has changed where its commit or anything inside of it
 * has. Files that git ignores are not told: git does not know what they were.
 *
 * @throws {QikError} `ref-unknown` where the revision, or a common ancestor of it and HEAD, does not exist; `usage`
 *   outside of git; `git-failed`.
 */
export async function readChanges(request: ChangesRequest): Promise<Changes> {
  const { sys, root, against, untracked } = request;
  const repository = findRepository(sys, root);
  if (repository === undefined) throw withoutGit(against);
  const git = new Git(sys, root, repository.env);
  const asked = against.kind === "staged"
    ? Promise.resolve({ others: [], hidden: [] })
    : besideIndex(git, sys.files, root, { untracked });
  // Where the revision is unknown nobody waits for it.
  asked.catch(() => {});
  const base = await baseOf(git, against);
  const cached = against.kind === "staged" ? ["--cached"] : [];
  const differing = readRaw(await git.read([...DIFF, ...cached, base, "--"]));
  const { others, hidden } = await asked;
  const roll = rollOf(differing, [...others, ...hidden]);
  const below = relative(repository.top, root).replaceAll("\\", "/");
  const top = below === "" ? "" : `${below}/`;
  return {
    paths: roll.paths,
    select: selector(roll, top),
    past: pastOf(git, base, top),
    ...(against.kind === "staged" && { staged: stagedOf(git, top) }),
  };
}

/** Names only, with both ends of a rename; no setting of the user may shorten or colour the list. */
const DIFF = [
  "diff",
  "--raw",
  "-z",
  "--no-renames",
  "--relative",
  "--no-ext-diff",
  "--no-color",
  "--ignore-submodules=none",
];

function withoutGit({ kind }: Against): QikError {
  const message = `Cannot use --${kind}: there is no git repository here`;
  return new QikError({ code: "usage", message, hint: "Run git init, or leave the option out" });
}

/** The commit to compare with; the empty tree where nothing was ever committed. */
async function baseOf(git: Git, against: Against): Promise<string> {
  if (against.kind !== "since") return await commitOf(git, "HEAD") ?? await emptyTree(git);
  const { ref, exact } = against;
  const commit = await commitOf(git, ref) ?? await commitBehind(git, ref);
  if (exact) return commit;
  const asked = await git.ask(["merge-base", commit, "HEAD"]);
  if (asked.code === 0) return lineOf(asked.stdout);
  if (asked.code > 1 && await commitOf(git, "HEAD") !== undefined) {
    throw gitFailed(["merge-base", ref, "HEAD"], asked);
  }
  throw new QikError({
    code: "ref-unknown",
    message: `Cannot compare with "${ref}": it and HEAD have no common ancestor`,
    hint: "In a shallow clone fetch more history (git fetch --unshallow); --exact needs none",
  });
}

async function commitOf(git: Git, ref: string): Promise<string | undefined> {
  return await idOf(git, `${ref}^{commit}`);
}

/** `undefined` also for what is no single object (`^main`). */
async function idOf(git: Git, revision: string): Promise<string | undefined> {
  const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", revision];
  const { code, stdout } = await git.ask(args);
  const id = lineOf(stdout);
  return code === 0 && /^[0-9a-f]+$/.test(id) ? id : undefined;
}

async function emptyTree(git: Git): Promise<string> {
  const args = ["hash-object", "-t", "tree", "--stdin"];
  const asked = await git.ask(args, new Uint8Array());
  if (asked.code !== 0) throw gitFailed(args, asked);
  return lineOf(asked.stdout);
}

/** The last line: older git prints `--end-of-options` before it. */
function lineOf(bytes: Uint8Array): string {
  return decodeName(bytes).trim().split("\n").at(-1)!;
}

/** For `:/text`, behind which nothing more can be asked for; all else is an error here. */
async function commitBehind(git: Git, ref: string): Promise<string> {
  const id = await idOf(git, ref);
  const commit = id && await commitOf(git, id);
  if (commit) return commit;
  const message = `Cannot find the revision "${ref}"`;
  const wrong = (why: string, hint?: string) =>
    new QikError({ code: "ref-unknown", message: message + why, ...(hint && { hint }) });
  if (id !== undefined) throw wrong(": it is no commit", "Name a branch, a tag or a commit");
  const printed = await git.read(["for-each-ref", "--format=%(refname:short)"]);
  const close = nearest(ref, decodeName(printed).split("\n").filter((name) => name !== ""));
  if (close.length > 0) throw wrong("", `Did you mean "${close.join('" or "')}"?`);
  const shallow = await git.ask(["rev-parse", "--is-shallow-repository"]);
  if (lineOf(shallow.stdout) !== "true") throw wrong("");
  throw wrong(
    ": the clone is shallow",
    "Fetch more history (git fetch --unshallow), or that branch",
  );
}

const MODULE_MODE = "160000";

/** Items are `:mode mode id id status`, then the name. */
function readRaw(bytes: Uint8Array): Roll {
  const items = splitNames(bytes);
  const paths: string[] = [];
  const modules = new Set<string>();
  for (let at = 0; at + 1 < items.length; at += 2) {
    const path = items[at + 1]!;
    paths.push(path);
    const [before, now] = items[at]!.slice(1).split(" ");
    if (before === MODULE_MODE || now === MODULE_MODE) modules.add(path);
  }
  return { paths, modules };
}

function rollOf(differing: Roll, others: readonly string[]): Roll {
  const modules = new Set(differing.modules);
  const paths = new Set(differing.paths);
  for (const path of others) {
    const bare = path.endsWith("/") ? path.slice(0, -1) : path;
    if (bare !== path) modules.add(bare);
    paths.add(bare);
  }
  return { paths: inOrder([...paths].filter((path) => !isOwnFile(path))), modules };
}

function selector(roll: Roll, top: string): Changes["select"] {
  const compiled = new Map<string, Pathspec>();
  const matched = new Map<string, readonly number[]>();
  const specOf = (text: string) => {
    const spec = compiled.get(text) ?? compilePathspec(text, top);
    compiled.set(text, spec);
    return spec;
  };
  const match = (spec: Pathspec) => {
    const found = matched.get(spec.text) ?? withInner(roll, spec);
    matched.set(spec.text, found);
    return found;
  };
  return (specs, { exclude = [] } = {}) => {
    if (roll.paths.length === 0 || specs.length === 0) return [];
    const wanted = specs.map(specOf);
    const excluded = exclude.map(specOf);
    const given = wanted.filter((spec) => !spec.exclude);
    const union = (some: readonly Pathspec[]) => new Set(some.flatMap(match));
    const less = union(wanted.filter((spec) => spec.exclude));
    const out = union(excluded.filter((spec) => !spec.exclude));
    const back = union(excluded.filter((spec) => spec.exclude));
    const all = union(given.length === 0 ? [specOf(".")] : given);
    return [...all].filter((at) => !less.has(at) && (!out.has(at) || back.has(at)))
      .sort((a, b) => a - b).map((at) => roll.paths[at]!);
  };
}

/** A pathspec that leads into a repository of its own selects that repository, as in `Tree`. */
function withInner(roll: Roll, spec: Pathspec): readonly number[] {
  const found = matchRoll(roll, spec);
  for (const path of roll.modules) {
    if (spec.prefix.startsWith(`${path}/`)) found.push(roll.paths.indexOf(path));
  }
  return found;
}
