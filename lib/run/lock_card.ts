import { attempt } from "../cache/blobs.ts";
import { type Clock, errorCode, type Files, type Processes } from "../sys/sys.ts";

/** Who holds a lock. */
export interface Owner {
  readonly pid: number;
  /** `Processes.birth`, or `-`: a number alone may be somebody else's after a while. */
  readonly birth: string;
  /** Random: one of many that took locks in this process. */
  readonly token: string;
  /** Among which processes the number means something; `-` where the system does not tell. */
  readonly realm: string;
}

export interface CardParts {
  readonly files: Files;
  readonly clock: Clock;
  readonly processes: Pick<Processes, "pid" | "isAlive" | "birth">;
}

/** Cards stand beside the locks; no lock begins with a point. */
const CARD = ".owner-";
/** A card of another container that nobody touched for so long is nobody's any more. */
const FORGOTTEN_MS = 86_400_000;

/**
 * What says who owns a lock: one file, the card, of which every lock of its owner is another name (a hard link).
 *
 * Making a file takes a disk that is busy 0.4 to 1.3 ms, because it looks for a place for it; giving it one more name
 * takes 0.014 ms, and shows no reader half of a file. Where the file system knows no such names each lock is a file
 * of its own.
 */
export class LockCard {
  readonly #parts: CardParts;
  readonly #directory: string;
  #owner: Owner | undefined;
  /** Unset: not made yet. */
  #links: boolean | undefined;

  /** @param directory Absolute: where the locks stand. Made when it is needed. */
  constructor(parts: CardParts, directory: string) {
    this.#parts = parts;
    this.#directory = directory;
  }

  get owner(): Owner {
    return this.#owner ??= ownerOf(this.#parts);
  }

  /**
   * Takes a name for a lock.
   *
   * @returns False where somebody has it.
   * @throws The system's error. A name that was taken all the same may not say by whom.
   */
  place(path: string): boolean {
    try {
      return this.#place(path);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      // The first one, or somebody removed everything.
      this.#links = undefined;
      this.#parts.files.makeDirectory(this.#directory);
      return this.#place(path);
    }
  }

  /** Locks that are held stay as they are. Never throws. */
  remove(): void {
    if (this.#links !== true) return;
    this.#links = undefined;
    attempt(() => this.#parts.files.remove(this.#path));
  }

  /** Whether the owner of a lock, in the same realm, has not ended. */
  isAlive({ pid, birth }: Owner): boolean {
    if (!this.#parts.processes.isAlive(pid)) return false;
    return birth === "-" || this.#parts.processes.birth(pid) === birth;
  }

  /** Whether its process is one that cannot be seen from here. */
  isForeign({ realm }: Owner): boolean {
    return realm !== "-" && this.owner.realm !== "-" && realm !== this.owner.realm;
  }

  get #path(): string {
    return `${this.#directory}/${CARD}${this.owner.token}`;
  }

  #bytes(): Uint8Array {
    return new TextEncoder().encode(formatOwner(this.owner));
  }

  #place(path: string): boolean {
    if (this.#links === undefined) this.#write();
    if (this.#links === false) return this.#parts.files.create(path, this.#bytes());
    try {
      return this.#parts.files.link(this.#path, path);
    } catch (error) {
      if (errorCode(error) === "ENOENT") throw error;
      this.remove();
      this.#links = false;
      return this.#parts.files.create(path, this.#bytes());
    }
  }

  #write(): void {
    try {
      this.#parts.files.create(this.#path, this.#bytes());
    } catch (error) {
      attempt(() => this.#parts.files.remove(this.#path));
      throw error;
    }
    this.#links = true;
    attempt(() => this.#tidy());
  }

  /** Removes the cards of those who were killed; one for each of them is left. */
  #tidy(): void {
    for (const { name } of this.#parts.files.list(this.#directory) ?? []) {
      if (!name.startsWith(CARD)) continue;
      const path = `${this.#directory}/${name}`;
      const owner = ownerAt(this.#parts.files, path);
      if (owner === undefined || this.#isKept(owner, path)) continue;
      attempt(() => this.#parts.files.remove(path));
    }
  }

  #isKept(owner: Owner | "garbage", path: string): boolean {
    if (owner !== "garbage" && !this.isForeign(owner)) return this.isAlive(owner);
    const { mtimeNs } = this.#parts.files.lstat(path) ?? { mtimeNs: 0n };
    return Math.abs(this.#parts.clock.now() - Number(mtimeNs / 1_000_000n)) < FORGOTTEN_MS;
  }
}

/** What a lock says; `garbage` where it cannot be understood, `undefined` where there is none. */
export function ownerAt(files: Files, path: string): Owner | "garbage" | undefined {
  const bytes = files.read(path);
  return bytes && (parseOwner(new TextDecoder().decode(bytes)) ?? "garbage");
}

function ownerOf({ files, processes: { pid, birth } }: CardParts): Owner {
  return { pid, birth: birth(pid) ?? "-", token: randomToken(), realm: realmOf(files) };
}

/** The boot and the process namespace: what Linux numbers processes by. */
function realmOf(files: Files): string {
  try {
    const boot = new TextDecoder().decode(files.read("/proc/sys/kernel/random/boot_id"));
    return `${boot.slice(0, 13)}/${files.readLink("/proc/self/ns/pid")}`.replaceAll(/\s/g, "_");
  } catch {
    return "-";
  }
}

function formatOwner({ pid, birth, token, realm }: Owner): string {
  return `${pid} ${birth} ${token} ${realm}\n`;
}

function parseOwner(text: string): Owner | undefined {
  const parts = /^([1-9]\d{0,9}) (-|\d+) ([0-9a-f]{16})(?: (\S+))?\n$/.exec(text);
  if (parts === null) return undefined;
  return { pid: Number(parts[1]), birth: parts[2]!, token: parts[3]!, realm: parts[4] ?? "-" };
}

/** 16 hexadecimal digits. */
export function randomToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
