import { decodeName, encodeName } from "../base/bytes.ts";
import { sha256, startSha256 } from "../sys/digest.ts";
import type { Sys } from "../sys/sys.ts";
import { findRepository, Git } from "./git_call.ts";
import type { ModuleLook } from "./look.ts";
import type { Algorithm } from "./algorithm.ts";
import type { FileState, Tree } from "./tree.ts";

export interface ModulesOptions {
  readonly sys: Sys;
  readonly root: string;
  readonly stateDir: string;
  readonly algorithm: Algorithm;
  /** Submodules and the commit that the index records. */
  readonly recorded: ReadonlyMap<string, string>;
  /** Nested repositories that the index does not know. */
  readonly nested: ReadonlySet<string>;
  /** Opens the tree of a repository of its own. */
  readonly open: (root: string, stateDir: string) => Promise<Tree>;
}

/**
 * Submodules and nested repositories: one state each, made of the checked-out commit and of every file in them, so
 * that an edit inside counts although the outer index does not show it.
 */
export class Modules implements ModuleLook {
  readonly #trees = new Map<string, Tree>();

  constructor(private readonly options: ModulesOptions) {}

  has(path: string): boolean {
    return this.options.recorded.has(path) || this.options.nested.has(path);
  }

  async state(path: string): Promise<FileState> {
    const { sys, root, recorded, algorithm } = this.options;
    const repository = findRepository(sys, `${root}/${path}`, true);
    if (repository?.top !== `${root}/${path}`) {
      const commit = recorded.get(path);
      if (commit === undefined) return { path, kind: "absent", digest: "" };
      // Not checked out: the commit that would be is all there is.
      return { path, kind: "module", digest: `${algorithm}:${commit}` };
    }
    const git = new Git(sys, repository.top, repository.env);
    const head = await git.ask(["rev-parse", "--quiet", "--verify", "HEAD"]);
    const commit = decodeName(head.stdout).trim();
    return { path, kind: "module", digest: digestOf(commit, await this.#states(path)) };
  }

  async #states(path: string): Promise<readonly FileState[]> {
    const tree = this.#trees.get(path) ?? await this.#open(path);
    tree.invalidate();
    return tree.states(await tree.select(["."]));
  }

  async #open(path: string): Promise<Tree> {
    const { root, stateDir, open } = this.options;
    const name = sha256(encodeName(path)).slice(0, 16);
    const tree = await open(`${root}/${path}`, `${stateDir}/modules/${name}`);
    this.#trees.set(path, tree);
    return tree;
  }

  /** Writes what was learned inside of them. */
  async save(): Promise<void> {
    for (const tree of this.#trees.values()) await tree.save();
  }
}

function digestOf(commit: string, states: readonly FileState[]): string {
  const digest = startSha256();
  const add = (text: string) => digest.update(encodeName(`${text}\0`));
  add(commit);
  for (const { path, kind, digest: content } of states) {
    add(path);
    add(kind);
    add(content);
  }
  return `sha256:${digest.end()}`;
}
