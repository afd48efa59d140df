import type { BulkLstat } from "../sys/bulk_stat.ts";
import type { Sys } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { digestOfNames, type ListingMemo } from "./listing_memo.ts";
import { namesEndingIn } from "./names.ts";
import type { Pathspec } from "./pathspec.ts";
import { Rescan } from "./rescan.ts";
import { memoOf, rulesHold, settledMark } from "./remembered_listing.ts";
import { finderIn, indexOfPath, inOrder, matchRoll, mergeOrdered, type Roll } from "./roll.ts";
import { isOwnFile, type Source, type Tracked } from "./source.ts";
import type { KnownDirectory } from "./tree.ts";
import { WatchedRules } from "./watched_rules.ts";

/** Some name among many, each between two NUL, that may be one of git's or qik's own files. */
const OWN = /\._qik|\.qik-tmp-|\0\.qik\/|\.git[\0/]/;

/** From here on the loops over paths gain more from being compiled than that takes: 4 % of a run at 50,000 files. */
const MANY_PATHS = 10_000;

const isRepository = (path: string) => path.endsWith("/");

/**
 * What new names have to start with. Of a file or directory that is named as it is none beside it counts: outputs mostly
 * lie there, and the directory need not be read after each command.
 */
function startOf({ literal, prefix }: Pathspec): string {
  return literal !== undefined && literal === prefix ? `${literal}/` : prefix;
}

/** See {@link Listing.watched}. */
export interface Watched {
  readonly directories: readonly KnownDirectory[];
  /** Relative to the root. */
  readonly rules: readonly string[];
  /** Absolute. */
  readonly ignoredBy: readonly string[];
}

/**
 * The names of input files as far as they are known: the index, what lies beside it, and what appeared since.
 *
 * The listing of files beside the index takes git longest; it is started first and waited for last.
 */
export class Listing {
  /** Submodules and the commit that the index records for them. */
  readonly recorded = new Map<string, string>();
  /** Nested repositories that the index does not know. */
  readonly nested = new Set<string>();
  /** The whole index, with files that are nobody's input. */
  #index: Tracked = { paths: [], modules: new Map() };
  #tracked: Roll = { paths: [], modules: new Set() };
  /** Positions of the paths of `#tracked` in the index; unset where they are the same. */
  #positions: readonly number[] | undefined;
  #others: Roll | undefined;
  #othersAsked: Promise<readonly string[]> | undefined;
  #rescan: Rescan | undefined;
  #mark = "";
  /** Digest of all names in the index, made when it is wanted. */
  #trackedDigest: (() => string) | undefined;
  /** What an earlier run knew, until it is used or found to be wrong. */
  #earlier: ListingMemo | undefined;
  /** The same where it was used. */
  #from: ListingMemo | undefined;
  /** Before anything was looked at, in nanoseconds since the epoch. */
  readonly #startedNs: bigint;
  /** Goes up whenever a pathspec could select other names than before. */
  generation = 0;
  readonly #rules: WatchedRules;
  /** Whether git ignores a directory, as far as somebody asked. */
  readonly #ignoredDirectories = new Map<string, boolean>();
  /** What pathspecs selected, until names change. */
  #trackedHits = new Map<Pathspec, readonly number[]>();
  #othersHits = new Map<Pathspec, readonly string[]>();
  /** See {@link Listing.#namesFile}. */
  readonly #namesFiles = new Map<Pathspec, boolean>();

  constructor(
    private readonly sys: Sys,
    private readonly root: string,
    private readonly source: Source,
    private readonly lstat: BulkLstat,
    /** Told each time what is in the index. */
    private readonly onLoad: (tracked: Tracked) => void,
  ) {
    this.#rules = new WatchedRules(root, lstat);
    this.#startedNs = BigInt(sys.clock.now()) * 1_000_000n;
  }

  /** Starts the listing of files beside the index; they are waited for where they are needed. */
  startOthers(): void {
    this.#othersAsked = this.source.others();
    // Where nobody waits for it any more, its failure is nobody's.
    this.#othersAsked.catch(() => {});
  }

  /** Lists what is in the index. */
  async load(): Promise<void> {
    this.#mark = this.source.mark();
    this.#index = await this.source.tracked();
    const { paths, modules } = this.#index;
    if (paths.length > MANY_PATHS) this.sys.machine.compileEagerly?.();
    this.recorded.clear();
    for (const [path, commit] of modules) this.recorded.set(path, commit);
    const { text = `\0${paths.join("\0")}\0` } = this.#index;
    this.#trackedDigest = () => digestOfNames(text);
    // One look at all names at once: 2 ms at 50,000, where asking each for what it is takes 6.
    this.#positions = OWN.test(text)
      ? paths.flatMap((path, at) => isOwnFile(path) ? [] : [at])
      : undefined;
    const kept = this.#positions?.map((at) => paths[at]!) ?? paths;
    this.#tracked = { paths: kept, modules: new Set(modules.keys()) };
    this.#trackedHits.clear();
    this.#namesFiles.clear();
    this.#rules.watch(namesEndingIn(text, ".gitignore").filter((path) => !isOwnFile(path)));
    this.onLoad(this.#index);
  }

  /** Writes what saves the next run the reading of the index. */
  rememberIndex(): void {
    this.#index.remember?.();
  }

  isTracked(path: string): boolean {
    return indexOfPath(this.#index.paths, path) !== -1;
  }

  /**
   * In the index, or not ignored by git; of directories only repositories of their own. Looks afresh: the path may
   * have appeared a moment ago.
   */
  async isListed(path: string): Promise<boolean> {
    if (this.isTracked(path)) return true;
    const whole = `${this.root}/${path}`;
    if (this.sys.files.lstat(whole)?.kind === "directory") {
      return unlessClosed(() => this.sys.files.lstat(`${whole}/.git`)) !== undefined;
    }
    const above: string[] = [];
    for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
      above.push(path.slice(0, at + 1));
    }
    // Nothing inside of an ignored directory may be asked for, so the directories come first, outermost first.
    for (const directory of above) {
      let ignored = this.#ignoredDirectories.get(directory);
      ignored ??= (await this.source.ignored([directory], true)).size > 0;
      this.#ignoredDirectories.set(directory, ignored);
      if (ignored) return false;
    }
    return (await this.source.ignored([path], true)).size === 0;
  }

  /** Positions in the index of the files that a pathspec selects, ascending. */
  matchTracked(spec: Pathspec): readonly number[] {
    let found = this.#trackedHits.get(spec);
    if (found === undefined) {
      const positions = this.#positions;
      found = matchRoll(this.#tracked, spec);
      if (positions !== undefined) found = found.map((at) => positions[at]!);
      this.#trackedHits.set(spec, found);
    }
    return found;
  }

  /** Symlinks in the index that a pathspec selects. */
  trackedLinks(spec: Pathspec): readonly string[] {
    return (this.#index.links ?? []).filter((path) => spec.matches(path, false));
  }

  /** Files beside the index that a pathspec selects. Some may be gone by now. */
  async matchOthers(spec: Pathspec): Promise<readonly string[]> {
    const others = await this.#loadOthers();
    let paths = this.#othersHits.get(spec);
    if (paths === undefined) {
      paths = matchRoll(others, spec).map((at) => others.paths[at]!);
      this.#othersHits.set(spec, paths);
    }
    return paths;
  }

  /** Goes on from what an earlier run knew, as far as it still holds; asks git where it does not. */
  startFrom(memo: ListingMemo | undefined): void {
    if (memo !== undefined && this.#mayHold(memo)) this.#earlier = memo;
    else if (this.#othersAsked === undefined) this.startOthers();
  }

  #mayHold(memo: ListingMemo): boolean {
    const { settings } = this.#index;
    return settings?.mark === memo.settings && this.recorded.size === 0 &&
      (memo.index !== "" && memo.index === this.#mark || memo.tracked === this.#trackedDigest?.());
  }

  /**
   * The files beside the index, from what an earlier run knew: only directories that changed since are read, and git is
   * asked about names that are new in them.
   *
   * @returns `undefined` where git has to list all of them.
   */
  async #fromEarlier(memo: ListingMemo): Promise<Roll | undefined> {
    if (!rulesHold(this.sys.files, this.root, this.lstat, memo)) return undefined;
    const others = memo.others.filter((path) => !this.isTracked(path));
    this.nested.clear();
    this.#rules.watch(memo.rules);
    this.#setOthers(others);
    this.#rescan = this.#newRescan();
    this.#rescan.takeOver(memo.directories);
    const found = await this.#rescan.refresh([""], 0);
    this.#rules.watch(found.rulesInside);
    const { holdsRepository, asked } = this.#rescan;
    // git alone knows which names are the same to it.
    const isUnclear = asked > 0 && this.#index.settings?.foldsNames !== false;
    if (found.rules.length > 0 || holdsRepository || isUnclear) return undefined;
    if (found.paths.some(isRepository)) return undefined;
    this.#from = memo;
    return this.#setOthers(mergeOrdered(this.#readable(others), this.#withoutSlashes(found.paths)));
  }

  #newRescan(): Rescan {
    const inIndex = finderIn(this.#index.paths);
    const isListed = (path: string) =>
      inIndex(path) !== -1 || indexOfPath(this.#others!.paths, path) !== -1;
    const isModule = (path: string) => this.recorded.has(path) || this.nested.has(path);
    return new Rescan(this.sys, this.root, this.source, this.lstat, isListed, isModule);
  }

  /**
   * What the next run may go on from; reads directories that nobody has read.
   *
   * @returns `"same"`: nothing new to write; `undefined`: what git lists depends on more than can be remembered, or
   * changes right now.
   */
  async remembered(epoch: number, everything: Pathspec): Promise<ListingMemo | "same" | undefined> {
    // Where nobody wanted to know, what was known before is as good as it was.
    if (this.#others === undefined) return "same";
    const mayBe = () =>
      this.#index.settings !== undefined && this.recorded.size + this.nested.size === 0;
    if (!mayBe()) return undefined; // Before directories are read in vain, in each run.
    if (this.#from === undefined && !await this.#readAll(epoch, everything)) return undefined;
    const { settings } = this.#index;
    const rescan = this.#rescan;
    if (!mayBe() || settings === undefined || rescan === undefined) return undefined;
    const index = settledMark(this.#mark, this.#startedNs);
    if (this.#from?.index === index && rescan.read === 0) return "same";
    return memoOf({
      files: this.sys.files,
      root: this.root,
      lstat: this.lstat,
      startedNs: this.#startedNs,
      settings,
      index,
      tracked: this.#trackedDigest!(),
      rescan,
      rules: this.#rules.paths,
      isTracked: (path) => this.isTracked(path),
      others: this.#others.paths,
    });
  }

  /** Reads all directories that may hold inputs; false while things change. */
  async #readAll(epoch: number, everything: Pathspec): Promise<boolean> {
    // The first time rules may be found that are ignored themselves, as tools write them into their own folders.
    for (let tried = 0; tried < 2; tried++) {
      const before = this.generation;
      await this.refresh([everything], epoch + tried, true);
      if (this.generation === before && this.#rescan !== undefined) return true;
    }
    return false;
  }

  async #loadOthers(): Promise<Roll> {
    if (this.#others !== undefined) return this.#others;
    const earlier = this.#earlier;
    if (earlier !== undefined) {
      this.#earlier = undefined;
      const others = await this.#fromEarlier(earlier);
      if (others !== undefined) return others;
      this.#forgetOthers();
    }
    if (this.#othersAsked === undefined) this.startOthers();
    const paths = await this.#othersAsked!;
    this.nested.clear();
    this.#rules.watch(paths);
    return this.#setOthers(this.#withoutSlashes(paths));
  }

  /** Paths without qik's own; those that end in `/` are nested repositories. */
  #withoutSlashes(paths: readonly string[]): string[] {
    const bare: string[] = [];
    for (const path of paths) {
      if (isOwnFile(path)) continue;
      if (!path.endsWith("/")) {
        bare.push(path);
        continue;
      }
      this.nested.add(path.slice(0, -1));
      bare.push(path.slice(0, -1));
    }
    return inOrder(bare);
  }

  #setOthers(paths: readonly string[]): Roll {
    this.#others = { paths, modules: this.nested };
    this.#othersHits.clear();
    return this.#others;
  }

  /**
   * Finds what appeared since the last look.
   *
   * @param specs Only names that these could select are looked for.
   * @param beside Also files that are not in the index.
   * @param inFiles Also below what the index calls a file: a directory may stand in its place.
   */
  async refresh(
    specs: readonly Pathspec[],
    epoch: number,
    beside: boolean,
    inFiles = false,
  ): Promise<void> {
    if (this.source.mark() !== this.#mark) {
      await this.load();
      this.#forgetOthers();
    }
    if (!beside) return;
    const open = inFiles ? specs : specs.filter((spec) => !this.#namesFile(spec));
    const starts = open.map(startOf);
    if (starts.length === 0) return;
    const others = await this.#loadOthers();
    if (this.#rules.changed(starts)) return this.#forgetOthers();
    if (this.#rescan === undefined) {
      this.#rescan = this.#newRescan();
      this.#rescan.addParents(this.#tracked.paths);
      this.#rescan.addParents(others.paths);
    }
    const found = await this.#rescan.refresh(starts, epoch);
    this.#rules.watch(found.rulesInside);
    // git alone knows whether that is a repository, or a directory with something in it that is called `.git`.
    const isNested = found.paths.some(isRepository);
    if (this.#rules.watch(found.rules) || isNested) return this.#forgetOthers();
    const readable = this.#readable(others.paths);
    if (found.paths.length + others.paths.length > readable.length) {
      this.generation += 1;
      this.#setOthers(mergeOrdered(readable, this.#withoutSlashes(found.paths)));
    }
  }

  /** Files whose directories may be read. */
  #readable(paths: readonly string[]): readonly string[] {
    return paths.filter((path) => this.#rescan?.isClosed(path) !== true);
  }

  /**
   * Reads all directories below the root that hold listed files or could.
   *
   * @returns What there is to watch so that no change of the listing is missed: those directories, and the files with
   * ignore rules in the tree; `undefined` where more than files decides, or while things change.
   */
  async watched(epoch: number, everything: Pathspec): Promise<Watched | undefined> {
    const { ignoredBy } = this.#index;
    if (ignoredBy === undefined || this.recorded.size + this.nested.size > 0) return undefined;
    if (!await this.#readAll(epoch, everything)) return undefined;
    if (this.nested.size > 0) return undefined;
    return { directories: this.#rescan!.directories(), rules: this.#rules.paths, ignoredBy };
  }

  /** Whether a pathspec is the name of a file in the index, so that nothing new can match it. */
  #namesFile(spec: Pathspec): boolean {
    const { literal } = spec;
    if (literal === undefined) return false;
    let names = this.#namesFiles.get(spec);
    if (names === undefined) {
      names = indexOfPath(this.#tracked.paths, literal) !== -1 && !this.recorded.has(literal);
      this.#namesFiles.set(spec, names);
    }
    return names;
  }

  /** The next question lists the files beside the index again. */
  #forgetOthers(): void {
    this.generation += 1;
    this.#others = undefined;
    this.#othersAsked = undefined;
    this.#rescan = undefined;
    this.#from = undefined;
    this.#ignoredDirectories.clear();
    this.#othersHits.clear();
  }

  /** Whether a path may still be an input; true as long as that is not known. */
  mayHold(path: string): boolean {
    return this.#others === undefined || indexOfPath(this.#tracked.paths, path) !== -1 ||
      indexOfPath(this.#others.paths, path) !== -1;
  }
}
