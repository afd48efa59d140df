/** Which distributions imports come from, in the environment of a space. */
import type { Config, DepWorld } from "../../mod.ts";
import { stdlibModules, stdlibSpan } from "./stdlib.ts";

/** Distributions whose import name is another; only asked where nothing is installed, for lock files. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  attr: "attrs",
  bs4: "beautifulsoup4",
  cv2: "opencv-python",
  dateutil: "python-dateutil",
  docx: "python-docx",
  dotenv: "python-dotenv",
  git: "gitpython",
  jose: "python-jose",
  jwt: "pyjwt",
  magic: "python-magic",
  OpenSSL: "pyopenssl",
  PIL: "pillow",
  pkg_resources: "setuptools",
  psycopg2: "psycopg2-binary",
  rest_framework: "djangorestframework",
  serial: "pyserial",
  skimage: "scikit-image",
  sklearn: "scikit-learn",
  usb: "pyusb",
  yaml: "pyyaml",
  zmq: "pyzmq",
};

/** What an import outside of the repository is. */
export type Origin =
  /** Python's own, or one that the configuration says to ignore. */
  | { readonly kind: "ignored" }
  | { readonly kind: "known"; readonly dists: readonly string[] }
  /** Python's own up to a minor version before the space's. */
  | { readonly kind: "gone"; readonly last: number; readonly now: number }
  | { readonly kind: "unknown" };

const IGNORED: Origin = { kind: "ignored" };

/** Looks imports up; each once. */
export class Distributions {
  readonly #world: DepWorld;
  readonly #config: Config["pydist"];
  readonly #stdlib: ReadonlySet<string>;
  readonly #known = new Map<string, Promise<Origin>>();
  readonly #locked = new Map<string, Promise<boolean>>();

  constructor(world: DepWorld, config: Config["pydist"]) {
    this.#world = world;
    this.#config = config;
    this.#stdlib = stdlibModules(world.packages()?.pythonMinor());
  }

  /** @param name Dotted, perhaps longer than the module's name: `from x import y` is `x.y`. */
  origin(name: string): Promise<Origin> {
    let origin = this.#known.get(name);
    if (origin === undefined) this.#known.set(name, origin = this.#look(name));
    return origin;
  }

  async #look(name: string): Promise<Origin> {
    const mapped = this.#mapped(name);
    if (mapped !== undefined) return mapped === "" ? IGNORED : { kind: "known", dists: [mapped] };
    const top = name.split(".", 1)[0]!;
    if (this.#stdlib.has(top)) return IGNORED;
    const installed = this.#world.packages()?.distributionsOf(name) ?? [];
    if (installed.length > 0) return { kind: "known", dists: installed };
    for (const dist of [top, WELL_KNOWN[top]]) {
      if (dist !== undefined && await this.#isLocked(dist)) return { kind: "known", dists: [dist] };
    }
    return this.#ofOtherPython(top);
  }

  /** Code that asks for the version of Python imports modules that its own does not have. */
  #ofOtherPython(top: string): Origin {
    const now = this.#world.packages()?.pythonMinor();
    const span = stdlibSpan(top);
    if (span === undefined || now === undefined) return { kind: "unknown" };
    return now > span.last ? { kind: "gone", last: span.last, now } : IGNORED;
  }

  /** What `[pydist] modules` says of the name or of the package nearest around it. */
  #mapped(name: string): string | undefined {
    let found: { readonly pyimport: string; readonly dist: string } | undefined;
    for (const one of this.#config.modules) {
      if (name !== one.pyimport && !name.startsWith(`${one.pyimport}.`)) continue;
      if (found === undefined || one.pyimport.length > found.pyimport.length) found = one;
    }
    return found?.dist;
  }

  /** Whether a lock file, or `[pydist] versions`, has the distribution; many names may begin with the same one. */
  #isLocked(dist: string): Promise<boolean> {
    let locked = this.#locked.get(dist);
    if (locked === undefined) this.#locked.set(dist, locked = this.#askLocked(dist));
    return locked;
  }

  async #askLocked(dist: string): Promise<boolean> {
    try {
      return await this.#world.pydist(dist) !== undefined;
    } catch (error) {
      // A broken lock file is told; that the distribution is nowhere is the answer.
      const problems = (error as { problems?: readonly { code: string }[] }).problems ?? [];
      if (problems.length > 0 && problems.every(({ code }) => code === "pydist-missing")) {
        return false;
      }
      throw error;
    }
  }
}

/**
 * Everything that decides which distributions imports come from, as text for a key: what is installed, and the
 * configuration.
 */
export function environmentText(world: DepWorld, config: Config["pydist"]): string {
  const packages = world.packages();
  const installed = packages?.names().map((name) => `${name}==${packages.version(name) ?? ""}`);
  return JSON.stringify([packages?.pythonMinor() ?? 0, installed ?? null, config]);
}
