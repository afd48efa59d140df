/** Installed Python distributions, read from their metadata as `importlib.metadata` reads them. */
import { byCodeUnit } from "../base/order.ts";
import type { DirectoryEntry, Files } from "../sys/sys.ts";
import type { ActiveVenv } from "./active_venv.ts";
import { ImportNames } from "./import_names.ts";
import { type Installed, normalName, pthDirectories } from "./installed.ts";
import { originOf } from "./origin.ts";
import { sha256 } from "../sys/digest.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { above, readBytes, readText, type VenvPorts } from "./ports.ts";
import { StatMemo } from "./stat_memo.ts";

/** What is installed in an environment. Looked at when first asked, and remembered until {@link invalidate}. */
export interface Packages {
  /** Installed version of a distribution (any spelling of its name). Cost: reads the head of one file. */
  version(name: string): string | undefined;
  /**
   * The version, with what tells an install from a directory, a repository or a file from another one of the same
   * version (`originOf`). Cost: one more file.
   */
  identity(name: string): string | undefined;
  /**
   * Distributions that provide a dotted import name, normalised, in code-unit order. Several where they share
   * a package and nothing tells which of them is meant. Cost of the first call: one file per distribution.
   */
  distributionsOf(pyimport: string): readonly string[];
  /** Normalised names of all distributions, in code-unit order. */
  names(): readonly string[];
  /** Minor version of the Python 3 that the environment is for, where its directories tell. */
  pythonMinor(): number | undefined;
  /** Directories that distributions are looked for in, absolute; a change in one of them may change the answers. */
  directories(): readonly string[];
  /**
   * What of the environment Python reads and qik does not: code in `.pth` files, and archives that these or
   * `PYTHONPATH` name. Each with a digest of its content.
   */
  unread(): readonly string[];
  /** What was remembered is used again only where the stat of its directory or file is still the same. */
  invalidate(): void;
}

/** Where Python looks for packages. */
type SearchPath = Pick<ActiveVenv, "pathDirs" | "pathArchives" | "siteDirs">;

/**
 * The packages of an environment. Where a name is found twice, the first on `sys.path` counts.
 *
 * @param venv Its directories; `.pth` files are followed in `siteDirs` only, and never executed.
 */
export function openPackages(
  ports: Pick<VenvPorts, "files" | "clock">,
  venv: SearchPath,
): Packages {
  return new SitePackages(ports, venv);
}

class SitePackages implements Packages {
  readonly #files: Files;
  readonly #venv: SearchPath;
  readonly #listings: StatMemo<readonly DirectoryEntry[]>;
  readonly #texts: StatMemo<string>;
  readonly #versions: StatMemo<string | undefined>;
  readonly #origins: StatMemo<string | undefined>;
  readonly #digests: StatMemo<string | undefined>;
  /** By name, in the order of `sys.path`. */
  #index: Map<string, Installed[]> | undefined;
  #imports: ImportNames | undefined;

  constructor(
    ports: Pick<VenvPorts, "files" | "clock">,
    venv: SearchPath,
  ) {
    const { files } = ports;
    this.#files = files;
    this.#venv = venv;
    this.#listings = new StatMemo(ports, (path) => unlessClosed(() => files.list(path)) ?? []);
    this.#texts = new StatMemo(ports, (path) => readText(files, path) ?? "");
    this.#versions = new StatMemo(ports, (path) => readVersion(files, path));
    this.#origins = new StatMemo(ports, (info) => originOf(files, info));
    this.#digests = new StatMemo(ports, (path) => {
      const bytes = readBytes(files, path);
      return bytes && sha256(bytes);
    });
  }

  version(name: string): string | undefined {
    for (const { info } of this.#installed().get(normalName(name)) ?? []) {
      for (const file of [`${info}/METADATA`, `${info}/PKG-INFO`, info]) {
        const version = this.#versions.get(file);
        if (version !== undefined) return version;
      }
    }
    return undefined;
  }

  identity(name: string): string | undefined {
    const version = this.version(name);
    const first = this.#installed().get(normalName(name))?.[0];
    const origin = first && this.#origins.get(first.info);
    return version === undefined || origin === undefined ? version : `${version} @ ${origin}`;
  }

  distributionsOf(pyimport: string): readonly string[] {
    const firsts = () => [...this.#installed().values()].map((found) => found[0]!);
    this.#imports ??= new ImportNames(this.#files, firsts());
    return this.#imports.distributionsOf(pyimport);
  }

  names(): readonly string[] {
    return [...this.#installed().keys()].sort(byCodeUnit);
  }

  pythonMinor(): number | undefined {
    for (const site of this.#venv.siteDirs) {
      const minor = /[\\/](?:python|pypy)3\.(\d+)/i.exec(site)?.[1];
      if (minor !== undefined) return Number(minor);
    }
    return undefined;
  }

  directories(): readonly string[] {
    return [...new Set(this.#searched())];
  }

  invalidate(): void {
    this.#index = undefined;
    this.#imports = undefined;
    for (
      const memo of [this.#listings, this.#texts, this.#versions, this.#origins, this.#digests]
    ) {
      memo.invalidate();
    }
  }

  unread(): readonly string[] {
    const found = this.#venv.siteDirs.flatMap((site) =>
      this.#listings.get(site).filter(({ name }) => name.endsWith(".pth")).flatMap(({ name }) => {
        const text = this.#texts.get(`${site}/${name}`);
        const archives = pthDirectories(site, text).map((path) => this.#archive(path));
        const code = isUnknownCode(name, text)
          ? `code in ${name} ${this.#digests.get(`${site}/${name}`)}`
          : undefined;
        return [code, ...archives];
      })
    );
    const all = [...found, ...this.#venv.pathArchives.map((path) => this.#archive(path))];
    return [...new Set(all.filter((part) => part !== undefined))].sort(byCodeUnit);
  }

  #archive(path: string): string | undefined {
    const digest = this.#digests.get(path);
    return digest && `${path.slice(path.lastIndexOf("/") + 1)} ${digest}`;
  }

  #installed(): Map<string, Installed[]> {
    if (this.#index !== undefined) return this.#index;
    const index = new Map<string, Installed[]>();
    const seen = new Set<string>();
    for (const site of this.#searched()) {
      if (seen.has(site)) continue;
      seen.add(site);
      for (const found of this.#distributionsIn(site)) {
        const others = index.get(found.name);
        if (others === undefined) index.set(found.name, [found]);
        else others.push(found);
      }
    }
    return this.#index = index;
  }

  /** Directories of `sys.path`, those that `.pth` and `.egg-link` files add included. */
  #searched(): readonly string[] {
    const linked: string[] = [];
    const searched = [...this.#venv.pathDirs];
    for (const site of this.#venv.siteDirs) {
      searched.push(site);
      for (const { name } of this.#listings.get(site)) {
        if (name.endsWith(".pth")) {
          searched.push(...pthDirectories(site, this.#texts.get(`${site}/${name}`)));
        } else if (name.endsWith(".egg-link")) {
          linked.push(...pthDirectories(site, this.#texts.get(`${site}/${name}`)).slice(0, 1));
        }
      }
    }
    return [...searched, ...linked];
  }

  #distributionsIn(site: string): Installed[] {
    const folder = site.slice(above(site).length + 1);
    const found: Installed[] = [];
    for (const { name: entry } of this.#listings.get(site)) {
      const low = entry.toLowerCase();
      const egg = low === "egg-info" && folder.toLowerCase().endsWith(".egg");
      if (!egg && !low.endsWith(".dist-info") && !low.endsWith(".egg-info")) continue;
      const named = egg ? folder : entry;
      // As importlib.metadata does: the name ends at the first "-", since "-" in names is written "_".
      const name = normalName(named.slice(0, named.lastIndexOf(".")).split("-")[0]!);
      found.push({ name, site, info: `${site}/${entry}` });
    }
    return found;
  }
}

/** Code that makes no distribution importable, by the names that setuptools, virtualenv and coverage give it. */
const HARMLESS = /^(?:distutils-precedence|_virtualenv|a1_coverage)\.pth$|-nspkg\.pth$/;
/** Finders of editable installs, which `editable.ts` reads. */
const FINDER = /^import[ \t]+_{0,2}(?:editable_|_editable_impl_)/;

function isUnknownCode(name: string, text: string): boolean {
  if (HARMLESS.test(name)) return false;
  return text.split(/\r?\n/).some((line) => /^import[ \t]/.test(line) && !FINDER.test(line));
}

const HEAD_BYTES = 4096;
/** Headers come before the description, which may be long; more than this is no metadata. */
const LONGEST_HEAD = 256 * 1024;

/** The `Version` header of a metadata file; only its head is read. */
function readVersion(files: Files, path: string): string | undefined {
  if (unlessClosed(() => files.stat(path))?.kind !== "file") return undefined;
  const reader = unlessClosed(() => files.openReader(path));
  if (reader === undefined) return undefined;
  try {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(HEAD_BYTES);
    let head = "";
    while (head.length < LONGEST_HEAD) {
      const size = unlessClosed(() => reader.read(buffer)) ?? 0;
      // The last line may be cut; a final newline makes it count at the end of the file.
      head += size === 0 ? "\n" : decoder.decode(buffer.subarray(0, size), { stream: true });
      const found = versionHeader(head);
      if (found.known || size === 0) return found.version;
    }
    return undefined;
  } finally {
    reader.close();
  }
}

/** `known` once the version, or the blank line that ends the headers, has been seen. */
function versionHeader(head: string): { readonly known: boolean; readonly version?: string } {
  const end = /\r?\n\r?\n/.exec(head);
  const headers = end === null ? head : head.slice(0, end.index + end[0].length);
  const version = /^version:[ \t]*([^\r\n]*?)[ \t]*\r?\n/im.exec(headers)?.[1];
  if (version !== undefined && version !== "") return { known: true, version };
  return { known: end !== null };
}
