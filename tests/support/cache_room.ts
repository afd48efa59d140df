import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Cache, Manifest, RestorePlace, TaskResult } from "../../lib/cache/cache.ts";
import { sha256 } from "../../lib/sys/digest.ts";
import { openFiles } from "../../lib/sys/files.ts";
import type { Clock, Files } from "../../lib/sys/sys.ts";

/** Files of this machine, for tests. */
export const realFiles: Files = openFiles(process.pid);

/** A clock that stands where it is put; timers are not needed by any cache. */
export interface StillClock extends Clock {
  time: number;
}

export function stillClock(time = Date.now()): StillClock {
  const clock: StillClock = {
    time,
    now: () => clock.time,
    monotonic: () => clock.time,
    after: () => () => {},
    every: () => () => {},
  };
  return clock;
}

/** A key as the hash room makes them, different for every text. */
export function keyOf(text: string): string {
  return sha256(new TextEncoder().encode(text));
}

/** A piece of output. */
export type Said = readonly ["out" | "err", string | Uint8Array];

/** What a cache gives back for a key: everything that a user would notice. */
export interface Recalled {
  readonly manifest: Manifest;
  readonly said: readonly Said[];
  readonly written: number;
  readonly removed: number;
}

/** A small repository with a cache beside it, in a directory of its own. */
export class CacheRoom implements Disposable {
  readonly dir = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "qik-cache-")));
  readonly root = join(this.dir, "root");
  readonly store = join(this.dir, "store");
  readonly state = join(this.dir, "state");
  readonly clock = stillClock();
  readonly files: Files = realFiles;
  #logs = 0;

  constructor() {
    fs.mkdirSync(this.root);
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.dir, { recursive: true, force: true });
  }

  path(path: string): string {
    return join(this.root, path);
  }

  write(path: string, content: string | Uint8Array = path, mode = 0o644): void {
    const absolute = this.path(path);
    fs.mkdirSync(join(absolute, ".."), { recursive: true });
    fs.writeFileSync(absolute, content);
    fs.chmodSync(absolute, mode);
  }

  mkdir(path: string): void {
    fs.mkdirSync(this.path(path), { recursive: true });
  }

  link(path: string, target: string): void {
    fs.mkdirSync(join(this.path(path), ".."), { recursive: true });
    fs.symlinkSync(target, this.path(path));
  }

  remove(path: string): void {
    fs.rmSync(this.path(path), { recursive: true, force: true });
  }

  /** A finished command with this output; everything else may be overridden. */
  result(
    said: readonly Said[],
    over: Partial<TaskResult> & { readonly key: string },
  ): TaskResult {
    const parts = said.map(([, text]) => typeof text === "string" ? Buffer.from(text) : text);
    const bytes = Buffer.concat(parts);
    const file = join(this.dir, `log-${this.#logs += 1}`);
    fs.writeFileSync(file, bytes);
    const turns = said.map(([stream], at) =>
      stream === "out" ? parts[at]!.length : -parts[at]!.length
    );
    return {
      task: "build",
      command: "build",
      exit: 0,
      tookMs: 12.5,
      log: { file, size: bytes.length, turns },
      root: this.root,
      patterns: [],
      explanation: ["exec\tmake"],
      ...over,
    };
  }

  /** Git ignores all but `tracked` and `untracked` files. */
  place(
    patterns: readonly string[],
    tracked: readonly string[] = [],
    untracked: readonly string[] = [],
  ): RestorePlace {
    return {
      root: this.root,
      patterns,
      isTracked: (path) => tracked.includes(path),
      isListed: (path) => tracked.includes(path) || untracked.includes(path),
    };
  }

  /** Looks up, restores and replays, as a run does; `undefined` where any of it is a miss. */
  async recall(
    cache: Cache,
    key: string,
    patterns: readonly string[] = [],
    tracked: readonly string[] = [],
  ): Promise<Recalled | undefined> {
    const lookup = await cache.get(key);
    if (!lookup.found) return undefined;
    const outcome = await lookup.hit.restore(this.place(patterns, tracked));
    if (!outcome.ok) return undefined;
    const said: Said[] = [];
    lookup.hit.replay((stream, bytes) => said.push([stream, bytes]));
    const { written, removed } = outcome;
    return { manifest: lookup.hit.manifest, said: joined(said), written, removed };
  }

  /** Everything below a path, one line each: kind, mode, path, content. */
  tree(path = ""): string[] {
    return treeOf(this.path(path));
  }
}

/** Pieces of the same stream that follow each other, as one text each. */
export function joined(said: readonly Said[]): Said[] {
  const whole: ["out" | "err", Buffer][] = [];
  for (const [stream, text] of said) {
    const bytes = Buffer.from(text as Uint8Array);
    const last = whole.at(-1);
    if (last?.[0] === stream) last[1] = Buffer.concat([last[1], bytes]);
    else whole.push([stream, bytes]);
  }
  return whole.map(([stream, bytes]) => [stream, bytes.toString("latin1")]);
}

export function treeOf(directory: string): string[] {
  const lines: string[] = [];
  const names = fs.existsSync(directory) ? fs.readdirSync(directory, { recursive: true }) : [];
  for (const name of (names as string[]).sort()) {
    const stat = fs.lstatSync(join(directory, name));
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isSymbolicLink()) {
      lines.push(`link ${name} -> ${fs.readlinkSync(join(directory, name))}`);
    } else if (stat.isDirectory()) lines.push(`dir ${name}`);
    else if (stat.isFile()) {
      lines.push(`file ${mode} ${name} ${sha256(fs.readFileSync(join(directory, name)))}`);
    } else lines.push(`other ${name}`);
  }
  return lines;
}

/** Absolute paths of all files below a directory. */
export function filesBelow(directory: string): string[] {
  if (!fs.existsSync(directory)) return [];
  return (fs.readdirSync(directory, { recursive: true }) as string[]).sort()
    .map((name) => join(directory, name)).filter((path) => fs.lstatSync(path).isFile());
}
