import { dirname } from "node:path";
import { decodeName } from "../base/bytes.ts";
import { type BulkLstat, existing, newStatRows, statKind } from "../sys/bulk_stat.ts";
import type { Sys } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { type ConfigPlaces, configTexts } from "./config_places.ts";
import type { Git, Repository } from "./git_call.ts";
import { isYes } from "./git_config.ts";
import type { RepositoryFormat } from "./repository_format.ts";

/**
 * Whether git may have stored something else for a file than its bytes: line ends, filters, keywords, encodings.
 *
 * Too careful rather than exact: a yes only means that the file is read and remembered by its stat. Asking git for
 * the attributes of 50,000 files (`git check-attr`) takes longer than that memory does.
 */
export interface Conversions {
  /** A text that differs when other rules hold for the whole repository, or other rules are in the index. */
  readonly mark: string;
  mayConvert(path: string): boolean;
  /** Whether rules for the path speak of filters, as those of Git LFS do. */
  mayFilter(path: string): boolean;
  /** Rules may have changed since. */
  forget(): void;
  /** Looks at once in which directories there are rules. */
  lookAhead(directories: readonly string[]): void;
}

/** Attributes that convert, and macros, which may hold any of them. */
const CONVERTING = /text|eol|crlf|filter|ident|working-tree-encoding|\[attr\]/;
const FILTERING = /filter|\[attr\]/;
/** Configuration that converts, or that stands somewhere else. */
const UNCLEAR = /autocrlf|attributesfile|^\s*\[\s*include/im;

/** What the rules of one directory, and of those above it, speak of. */
interface Rules {
  readonly convert: boolean;
  readonly filter: boolean;
}

const NONE: Rules = { convert: false, filter: false };
const BOTH: Rules = { convert: true, filter: true };

export interface ConversionParts {
  readonly sys: Sys;
  readonly root: string;
  readonly repository: Repository;
  readonly format: RepositoryFormat;
  readonly places: ConfigPlaces;
  readonly git: Git;
  /** Paths of the `.gitattributes` files in the index, relative to the root, and their ids there. */
  readonly ruled: ReadonlyMap<string, string>;
  readonly lstat: BulkLstat;
}

export async function openConversions(parts: ConversionParts): Promise<Conversions> {
  const { sys, root, repository, format, places, git, ruled, lstat } = parts;
  const general = attributeFiles(places, format, repository.top, root);
  const all = general.some((path) => converts(sys, path)) ||
    await configConverts(sys, format, places, git);
  return new DirectoryRules(sys, root, ruled, lstat, all);
}

/** Files with attributes for the whole repository, and those in directories above the root. */
function attributeFiles(
  { systemDirectories, userDirectories }: ConfigPlaces,
  { commonDirectory }: RepositoryFormat,
  top: string,
  root: string,
): readonly string[] {
  const paths = [`${commonDirectory}/info/attributes`];
  for (const directory of systemDirectories) paths.push(`${directory}/gitattributes`);
  for (const directory of userDirectories) paths.push(`${directory}/git/attributes`);
  for (let at = root; at !== top && at !== dirname(at);) {
    at = dirname(at);
    paths.push(`${at}/.gitattributes`);
  }
  return paths;
}

/** What cannot be read may hold anything. */
function converts({ files }: Sys, path: string): boolean {
  return unlessClosed(() => {
    if (files.stat(path)?.kind !== "file") return false;
    return CONVERTING.test(decodeName(files.read(path) ?? new Uint8Array()));
  }, true);
}

async function configConverts(
  sys: Sys,
  format: RepositoryFormat,
  places: ConfigPlaces,
  git: Git,
): Promise<boolean> {
  const { env } = sys;
  const others = configTexts(sys, places);
  const texts = [...format.configTexts, ...others ?? []];
  const isGiven = env["GIT_CONFIG_COUNT"] !== undefined ||
    env["GIT_CONFIG_PARAMETERS"] !== undefined;
  if (!isGiven && others !== undefined && !texts.some((text) => UNCLEAR.test(text))) return false;
  const asked = await git.ask(["config", "--get", "core.attributesFile"]);
  if (asked.code !== 1) return true;
  const { code, stdout } = await git.ask(["config", "--get", "core.autocrlf"]);
  return code !== 1 && (code !== 0 || isYes(decodeName(stdout).trim()));
}

/** Rules of `.gitattributes` files, by the directory that they are for. */
class DirectoryRules implements Conversions {
  readonly #known = new Map<string, Rules>();
  /** Whether a file with rules stands in a directory, as far as that was asked ahead. */
  readonly #hasRules = new Map<string, boolean>();
  #last = "";
  #lastRules = NONE;
  #asked = false;
  readonly mark: string;

  constructor(
    private readonly sys: Sys,
    private readonly root: string,
    private readonly ruled: ReadonlyMap<string, string>,
    private readonly lstat: BulkLstat,
    /** Something that is not a rule of a directory converts, so that any file may be converted. */
    private readonly all: boolean,
  ) {
    this.mark = all ? "all" : JSON.stringify([...ruled]);
  }

  lookAhead(directories: readonly string[]): void {
    const asked = directories.filter((directory) => !this.#known.has(directory));
    const found = existing(this.root, asked.map((directory) => `${directory}/.gitattributes`));
    asked.forEach((directory, at) => this.#hasRules.set(directory, found[at]!));
  }

  forget(): void {
    this.#hasRules.clear();
    this.#known.clear();
    this.#asked = false;
  }

  mayConvert(path: string): boolean {
    return this.all || this.#rulesFor(path).convert;
  }

  mayFilter(path: string): boolean {
    return this.#rulesFor(path).filter;
  }

  #rulesFor(path: string): Rules {
    const end = path.lastIndexOf("/");
    const directory = end === -1 ? "" : path.slice(0, end);
    // Neighbours in a sorted list mostly share their directory.
    if (this.#asked && this.#last === directory) return this.#lastRules;
    this.#asked = true;
    this.#last = directory;
    return this.#lastRules = this.#known.get(directory) ?? this.#follow(directory);
  }

  #follow(directory: string): Rules {
    let rules = NONE;
    // From the root down: "", "a", "a/b".
    for (let end = 0;; end = directory.indexOf("/", end + 1)) {
      const step = end === -1 ? directory : directory.slice(0, end);
      rules = this.#known.get(step) ?? joined(rules, this.#rulesIn(step));
      this.#known.set(step, rules);
      if (step === directory) return rules;
    }
  }

  #rulesIn(directory: string): Rules {
    const path = directory === "" ? ".gitattributes" : `${directory}/.gitattributes`;
    const kind = this.#hasRules.get(directory) === false ? "none" : this.#kindOf(path);
    // Without the file git takes the rules that are in the index, which nobody here reads.
    if (kind === "none") return this.ruled.has(path) ? BOTH : NONE;
    if (kind !== "file" && kind !== "exec") return BOTH;
    const bytes = unlessClosed(() => this.sys.files.read(`${this.root}/${path}`));
    if (bytes === undefined) return BOTH;
    const text = decodeName(bytes);
    return { convert: CONVERTING.test(text), filter: FILTERING.test(text) };
  }

  #kindOf(path: string): ReturnType<typeof statKind> {
    const rows = newStatRows(1);
    this.lstat(this.root, [path], rows);
    return statKind(rows, 0);
  }
}

function joined(a: Rules, b: Rules): Rules {
  return { convert: a.convert || b.convert, filter: a.filter || b.filter };
}
