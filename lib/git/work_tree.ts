import { byCodeUnit } from "../base/order.ts";
import type { BulkLstat } from "../sys/bulk_stat.ts";
import type { Files, Sys } from "../sys/sys.ts";
import { differing, type Picture } from "./differing.ts";
import { directoriesBehind, type LinkedDirectory, linksAmong } from "./linked_directories.ts";
import { LinkTrail } from "./links.ts";
import { Listing } from "./listing.ts";
import { encodeListing, readListing } from "./listing_memo.ts";
import { Looker } from "./look.ts";
import { readMemo } from "./memo.ts";
import { Modules } from "./modules.ts";
import { parentsOf } from "./real_parents.ts";
import { compilePathspec, type Pathspec } from "./pathspec.ts";
import { type Given, givenBy, type Hit, keeperOf, type Request } from "./request.ts";
import { distinct } from "./roll.ts";
import { isNobodysInput, type Source, type Tracked } from "./source.ts";
import type { FileState, Selected, SelectOptions, Tree, TreeEvidence } from "./tree.ts";

export interface WorkTreeOptions {
  readonly sys: Sys;
  readonly root: string;
  readonly stateDir: string;
  readonly untracked: boolean;
  readonly busy: string | undefined;
  readonly source: Source;
  /** For questions about files that are no inputs. */
  readonly asked: Files;
  readonly lstat: BulkLstat;
  readonly openInner: (root: string, stateDir: string) => Promise<Tree>;
}

/** How many paths `changedSince` names. */
const MOST_CHANGED = 10;

/** The tree of a root: what is listed, what was looked at, and when it must be looked at again. */
export class WorkTree implements Tree {
  readonly #specs = new Map<string, Pathspec>();
  /** When the files of an answer had last changed: content that changed and changed back shows in it. */
  readonly #timesOf = new WeakMap<readonly FileState[], Uint32Array>();
  readonly #idsOf = new WeakMap<Selected, readonly number[]>();
  readonly #generationOf = new WeakMap<Selected, number>();
  /** Answers that more than new names could add to: something that they left out is listed or named, but not there. */
  readonly #incomplete = new WeakSet<Selected>();
  #epoch = 0;
  /** Calls take turns, so that two of them never search for the same new files. */
  #turn: Promise<unknown> = Promise.resolve();
  #listing!: Listing;
  #looker!: Looker;
  #modules!: Modules;

  constructor(private readonly options: WorkTreeOptions) {}

  get busy(): string | undefined {
    return this.options.busy;
  }

  /** Lists the files; must have ended before anything else is asked. */
  async start(): Promise<void> {
    const { sys, root, stateDir, source, lstat, openInner } = this.options;
    let tracked: Tracked | undefined;
    this.#listing = new Listing(sys, root, source, lstat, (loaded) => {
      tracked = loaded;
      if (this.#looker !== undefined) this.#looker.takeIndex(loaded);
    });
    const earlier = this.options.untracked
      ? readListing(sys.files, this.#listingPath())
      : undefined;
    if (this.options.untracked && earlier === undefined) this.#listing.startOthers();
    await this.#listing.load();
    if (this.options.untracked) this.#listing.startFrom(earlier);
    const algorithm = source.algorithm();
    const { recorded, nested } = this.#listing;
    this.#modules = new Modules({
      sys,
      root,
      stateDir,
      algorithm,
      recorded,
      nested,
      open: openInner,
    });
    const memo = readMemo(sys.files, this.#memoPath(), algorithm);
    this.#looker = new Looker({ sys, root, algorithm, memo, lstat, modules: this.#modules });
    this.#looker.takeIndex(tracked!);
  }

  #memoPath(): string {
    return `${this.options.stateDir}/files`;
  }

  #listingPath(): string {
    return `${this.options.stateDir}/listing`;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  select(specs: readonly string[], options: SelectOptions = {}): Promise<Selected> {
    return this.#inTurn(() => this.#select(specs, options));
  }

  states(selected: Selected): Promise<readonly FileState[]> {
    return this.#inTurn(() => this.#states(selected));
  }

  linkedDirectories(
    below: string,
    next: readonly string[] = [],
  ): Promise<readonly LinkedDirectory[]> {
    return this.#inTurn(async () => {
      const { sys: { files }, root, source, lstat, untracked } = this.options;
      const spec = this.#compile(below === "" ? "." : `:(literal)${below}`);
      const beside = !source.indexed || untracked;
      if (this.#epoch > 0) await this.#listing.refresh([spec], this.#epoch, beside);
      const soon = next.flatMap((text) => this.#listing.matchTracked(this.#compile(text)));
      await this.#looker.look(distinct(soon.map((at) => this.#looker.idAt(at))), this.#epoch);
      const others = beside ? await this.#listing.matchOthers(spec) : [];
      const plain = others.filter((path) => path.lastIndexOf(".") <= path.lastIndexOf("/"));
      const found = linksAmong(lstat, root, [...this.#listing.trackedLinks(spec), ...plain]);
      return directoriesBehind(files, root, found.sort(byCodeUnit));
    });
  }

  pointers(selected: Selected): readonly string[] {
    return this.#looker.pointersAmong(this.#idsOf.get(selected) ?? []);
  }

  isTracked(path: string): boolean {
    return this.#listing.isTracked(path);
  }

  isListed(path: string): Promise<boolean> {
    return this.#inTurn(() => this.#listing.isListed(path));
  }

  invalidate(): void {
    this.#epoch += 1;
  }

  changedSince(selected: Selected, states: readonly FileState[]): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      this.invalidate();
      if (await this.#isUntouched(selected, states)) return [];
      const now = await this.#states(await this.#select(selected.specs, selected.options));
      return differing(this.#pictureOf(states), this.#pictureOf(now)).slice(0, MOST_CHANGED);
    });
  }

  holds(selected: Selected, states: readonly FileState[]): Promise<boolean> {
    return this.#inTurn(async () => {
      const isSame = this.#generationOf.get(selected) === this.#listing.generation;
      const now = isSame ? selected : await this.#select(selected.specs, selected.options);
      const ids = this.#idsOf.get(now);
      return ids?.length === states.length &&
        ids.every((id, at) => this.#looker.state(id) === states[at]);
    });
  }

  evidence(): Promise<TreeEvidence | undefined> {
    return this.#inTurn(async () => {
      const { source, untracked } = this.options;
      // Room for a second look, should the first one find new rules.
      this.#epoch += 2;
      const beside = !source.indexed || untracked;
      const watched = beside
        ? await this.#listing.watched(this.#epoch - 1, this.#compile("."))
        : { directories: [], rules: [], ignoredBy: [] };
      const files = this.#looker.looked();
      if (watched === undefined || files === undefined) return undefined;
      const known = new Set(watched.directories.map(({ path }) => path));
      const parents = parentsOf(files).filter((path) => !known.has(path));
      return { algorithm: source.algorithm(), files, parents, ...watched };
    });
  }

  async save(): Promise<void> {
    const { sys: { files } } = this.options;
    try {
      const bytes = this.#looker.memoBytes((path) => this.#listing.mayHold(path));
      if (bytes !== undefined) files.writeAtomic(this.#memoPath(), bytes, 0o600);
      this.#listing.rememberIndex();
      await this.#modules.save();
      await this.#inTurn(() => this.#saveListing());
    } catch {
      // A memo that cannot be written only makes the next run read the files again, or ask git.
    }
  }

  async #saveListing(): Promise<void> {
    const { sys: { files }, source } = this.options;
    // Room for a second look, should the first one find new rules.
    this.#epoch += 2;
    const memo = source.indexed
      ? await this.#listing.remembered(this.#epoch - 1, this.#compile("."))
      : undefined;
    if (memo === "same") return;
    const path = this.#listingPath();
    if (memo === undefined) files.remove(path);
    else files.writeAtomic(path, encodeListing(memo), 0o600);
  }

  async #select(specs: readonly string[], options: SelectOptions): Promise<Selected> {
    const { positive, minus, beside } = this.#given({ specs, options });
    const excluded = (options.exclude ?? []).map((text) => this.#compile(text));
    const request = (positive: readonly Pathspec[]): Request => ({
      positive,
      kept: keeperOf({ positive, minus }, excluded, (path) => this.#modules.has(path)),
      beside,
      epoch: this.#epoch,
    });
    const hits = await this.#hits(request(positive));
    const found = hits.map((hit) => hit.ids);
    const behind = options.behindLinks === true ? await this.#follow(found, request) : [];
    const ids = this.#inOrder(found);
    const unmatched = positive.filter((_, at) => !hits[at]!.any).map(({ text }) => text);
    const paths = ids.map((id) => this.#looker.paths[id]!);
    const selected: Selected = { paths, specs, options, unmatched, behind };
    this.#idsOf.set(selected, ids);
    this.#generationOf.set(selected, this.#listing.generation);
    if (hits.some(({ isIncomplete }) => isIncomplete)) this.#incomplete.add(selected);
    return selected;
  }

  /**
   * Whether no name came or went and no file was touched: how most commands end, seen without selecting again. False
   * where more decides what is selected.
   */
  async #isUntouched(selected: Selected, states: readonly FileState[]): Promise<boolean> {
    const ids = this.#idsOf.get(selected);
    const times = this.#timesOf.get(states);
    if (ids === undefined || times === undefined || this.#incomplete.has(selected)) return false;
    // Links lead to more files, and where a file is missing a directory may come.
    if (!states.every(({ kind }) => kind === "file" || kind === "exec")) return false;
    const { positive, beside } = this.#given(selected);
    await this.#listing.refresh(positive, this.#epoch, beside);
    if (this.#generationOf.get(selected) !== this.#listing.generation) return false;
    await this.#looker.look(ids, this.#epoch);
    const timesNow = this.#looker.changeTimes(ids);
    return ids.length === states.length &&
      ids.every((id, at) => this.#looker.state(id) === states[at]) &&
      times.every((time, at) => time === timesNow[at]);
  }

  #given({ specs, options }: Pick<Selected, "specs" | "options">): Given {
    const { source, untracked } = this.options;
    const beside = !source.indexed || (options.untracked ?? untracked);
    return { ...givenBy(specs, (text) => this.#compile(text)), beside };
  }

  /** Adds what the links that were found lead to, and what links among that lead to. */
  async #follow(
    found: (readonly number[])[],
    request: (positive: readonly Pathspec[]) => Request,
  ): Promise<readonly string[]> {
    const trail = new LinkTrail(this.options.sys.files, this.options.root);
    for (let at = 0; at < found.length; at++) {
      const links = this.#looker.linksAmong(found[at]!);
      if (links.length === 0) continue;
      const { inside, outside } = trail.follow(links);
      const asked = request(inside.map((text) => this.#compile(text)));
      for (const { ids } of await this.#hits(asked)) found.push(ids);
      const named = outside.map((path) => this.#looker.idOfNamed(path));
      await this.#looker.look(named, asked.epoch);
      found.push(named.filter((id) => this.#looker.state(id).kind !== "absent"));
    }
    return trail.specs;
  }

  #compile(text: string): Pathspec {
    let spec = this.#specs.get(text);
    if (spec === undefined) {
      spec = compilePathspec(text, this.options.source.top);
      this.#specs.set(text, spec);
    }
    return spec;
  }

  async #hits(request: Request): Promise<readonly Hit[]> {
    if (request.epoch > 0) {
      await this.#listing.refresh(request.positive, request.epoch, request.beside);
    }
    const hits = request.positive.map((spec) =>
      this.#trackedHit(this.#listing.matchTracked(spec), request)
    );
    // Looking takes time in which git lists the files beside the index.
    await this.#looker.look(distinct(hits.flatMap(({ ids }) => ids)), request.epoch);
    const opened = request.positive.filter((spec, at) => this.#isDirectoryNow(spec, hits[at]!));
    if (request.epoch > 0 && opened.length > 0) {
      await this.#listing.refresh(opened, request.epoch, request.beside, true);
    }
    for (const [at, spec] of request.positive.entries()) {
      if (request.beside) await this.#addOthers(hits[at]!, spec, request);
      this.#addModules(hits[at]!, spec, request);
      if (!hits[at]!.any && spec.literal !== undefined) {
        await this.#addNamed(hits[at]!, spec.literal, request);
      }
    }
    return hits;
  }

  /** Whether a directory stands where the index has the file that a pathspec names. */
  #isDirectoryNow({ literal }: Pathspec, { ids: [id, ...more] }: Hit): boolean {
    if (literal === undefined || id === undefined || more.length > 0) return false;
    const { kind, path } = this.#looker.state(id);
    if (kind !== "absent" || path !== literal) return false;
    return this.options.sys.files.lstat(`${this.options.root}/${path}`)?.kind === "directory";
  }

  #trackedHit(positions: readonly number[], { kept }: Request): Hit {
    const { paths } = this.#looker;
    const ids: number[] = [];
    for (const position of positions) {
      const id = this.#looker.idAt(position);
      if (kept === undefined || kept(paths[id]!)) ids.push(id);
    }
    return { any: positions.length > 0, ids };
  }

  #hit(paths: readonly string[], { kept }: Request): Hit {
    return {
      any: paths.length > 0,
      ids: (kept === undefined ? paths : paths.filter(kept))
        .map((path) => this.#looker.idOf(path)),
    };
  }

  async #addOthers(hit: Hit, spec: Pathspec, request: Request): Promise<void> {
    const more = this.#hit(await this.#listing.matchOthers(spec), request);
    await this.#looker.look(more.ids, request.epoch);
    for (const id of more.ids) {
      if (this.#looker.state(id).kind === "absent") hit.isIncomplete = true;
      else hit.ids.push(id);
    }
    hit.any ||= more.any;
  }

  /**
   * A pathspec that leads into a repository of its own selects that repository: git, which looks no deeper, would
   * select nothing, and edits inside would not be seen.
   */
  #addModules(hit: Hit, { prefix }: Pathspec, { kept }: Request): void {
    const { recorded, nested } = this.#listing;
    for (const path of [...recorded.keys(), ...nested]) {
      if (!prefix.startsWith(`${path}/`) || !(kept?.(path) ?? true)) continue;
      hit.ids.push(this.#looker.idOf(path));
      hit.any = true;
    }
  }

  /** A file that is named literally counts even where git ignores it. */
  async #addNamed(hit: Hit, path: string, request: Request): Promise<void> {
    if (isNobodysInput(path)) return;
    if (request.kept?.(path) === false) {
      // Mostly the task's own artifact: whoever notes questions has to know that it decides about a warning.
      hit.any = this.options.asked.lstat(`${this.options.root}/${path}`) !== undefined;
      return;
    }
    const id = this.#looker.idOfNamed(path);
    await this.#looker.look([id], request.epoch);
    if (this.#looker.state(id).kind === "absent") {
      hit.isIncomplete = true;
      return;
    }
    hit.ids.push(id);
    hit.any = true;
  }

  #inOrder(lists: readonly (readonly number[])[]): readonly number[] {
    const { paths } = this.#looker;
    const ids = lists.flat();
    for (let at = 1; at < ids.length; at++) {
      if (this.#looker.isBefore(ids[at - 1]!, ids[at]!)) continue;
      return [...new Set(ids)].sort((a, b) => byCodeUnit(paths[a]!, paths[b]!));
    }
    return ids;
  }

  async #states(selected: Selected): Promise<readonly FileState[]> {
    const ids = this.#idsOf.get(selected) ?? selected.paths.map((path) => this.#looker.idOf(path));
    await this.#looker.look(ids, this.#epoch);
    const states = ids.map((id) => this.#looker.state(id));
    this.#timesOf.set(states, this.#looker.changeTimes(ids));
    return states;
  }

  #pictureOf(states: readonly FileState[]): Picture {
    return { states, times: this.#timesOf.get(states) };
  }
}
