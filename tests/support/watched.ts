import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import type { Repo } from "./repo.ts";
import type { Running } from "./running.ts";

/** Prints everything below `src` (names, kinds, exec bits, contents) on one line. */
export const SHOW =
  `find src | LC_ALL=C sort | while read -r p; do if [ -L "$p" ]; then printf '%s->%s;' "$p" "$(readlink "$p")"; ` +
  `elif [ -f "$p" ]; then if [ -x "$p" ]; then printf x; fi; printf '%s=%s;' "$p" "$(cat "$p")"; fi; done`;

/** A repository whose one command prints the state of `src`. */
export const WATCHED = {
  "qik.toml": `[commands.build]\nexec = "sh show.sh"\ndeps = ["src"]\n`,
  "show.sh": `printf 'built '; ${SHOW}; echo ' end'\n`,
  ".gitignore": "ignored\n",
  "src/a": "0",
  "src/b": "0",
  "src/dir/c": "0",
  "src/dir/deep/d": "0",
  "other/x": "0",
};

/** The same as the command would print it now. */
export async function stateOf(repo: Repo): Promise<string> {
  return (await repo.run("sh", "show.sh")).out.trim();
}

/** Starts watching; resolves when qik waits for changes. */
export async function startWatching(repo: Repo, ...args: readonly string[]): Promise<Running> {
  const running = repo.startQik("--watch", "-v", ...args);
  await running.saw("for changes");
  return running;
}

/** Resolves when a run that has begun is over and qik waits again. */
export async function quiet(running: Running): Promise<void> {
  await running.saw(/for changes; Ctrl-C ends\n$/, "err");
}

/** A watch that hears of nothing looks by the clock, after this time at the earliest. */
const SWEEP_MS = 30_000;

/** Waits for what a hint must have brought about: it comes sooner than looking by the clock would bring it. */
export async function sawByHint(
  running: Running,
  wanted: string | RegExp,
  stream: "out" | "err" = "out",
): Promise<void> {
  const began = performance.now();
  await running.saw(wanted, stream);
  const tookMs = performance.now() - began;
  assert.ok(tookMs < SWEEP_MS - 2000, `it took ${tookMs.toFixed(0)} ms`);
}

/** Puts files in place, each at once: one that is emptied and then written may be seen as two changes. */
export async function put(repo: Repo, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await repo.write({ "../put": text });
    await fs.promises.mkdir(join(repo.path(path), ".."), { recursive: true });
    await fs.promises.rename(repo.path("../put"), repo.path(path));
  }
}

/** Ends a watch as Ctrl-C does. */
export async function endWatching(running: Running): Promise<void> {
  running.signal("SIGINT");
  assert.equal((await running.ended).code, 130);
}

/** A change to the files of {@link WATCHED}; `unique` differs every time. */
export type Pattern = (root: string, unique: string) => void;

const write = (root: string, path: string, text: string) => {
  fs.mkdirSync(join(root, path, ".."), { recursive: true });
  fs.writeFileSync(join(root, path), text);
};

/** Exchanges what stands at two paths, at once. */
export function swap(root: string, one: string, other: string): void {
  const libc = Deno.dlopen("libc.so.6", {
    renameat2: { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" },
  });
  const path = (name: string) => new TextEncoder().encode(join(root, name) + "\0");
  const [AT_FDCWD, RENAME_EXCHANGE] = [-100, 2];
  const result = libc.symbols.renameat2(
    AT_FDCWD,
    path(one),
    AT_FDCWD,
    path(other),
    RENAME_EXCHANGE,
  );
  libc.close();
  assert.equal(result, 0);
}

/** The ways in which editors, people and git change files. */
export const PATTERNS: Readonly<Record<string, Pattern>> = {
  "written in place": (root, unique) => {
    const fd = fs.openSync(join(root, "src/a"), "r+");
    fs.writeSync(fd, unique);
    fs.closeSync(fd);
  },
  "truncated, then written": (root, unique) => {
    fs.truncateSync(join(root, "src/a"));
    fs.appendFileSync(join(root, "src/a"), unique);
  },
  "renamed over, from the same directory": (root, unique) => {
    write(root, "src/.a.tmp", unique);
    fs.renameSync(join(root, "src/.a.tmp"), join(root, "src/a"));
  },
  "renamed over, from outside": (root, unique) => {
    write(root, "../outside", unique);
    fs.renameSync(join(root, "../outside"), join(root, "src/a"));
  },
  "two files exchanged": (root, unique) => {
    write(root, "../swap", unique);
    swap(root, "../swap", "src/b");
  },
  "moved away, written anew, the old one removed": (root, unique) => {
    fs.renameSync(join(root, "src/a"), join(root, "src/a~"));
    write(root, "src/a", unique);
    fs.rmSync(join(root, "src/a~"));
  },
  "a directory renamed, out and in": (root, unique) => {
    fs.renameSync(join(root, "src/dir"), join(root, "moved"));
    write(root, "moved/deep/d", unique);
    fs.renameSync(join(root, "moved"), join(root, "src/dir"));
  },
  "a directory moved away, and another one in its place": (root, unique) => {
    fs.renameSync(join(root, "src/dir"), join(root, `other/${unique}`));
    write(root, "src/dir/c", "0");
    write(root, "src/dir/deep/d", unique);
  },
  "written at once in directories that are new": (root, unique) => {
    write(root, `src/new/${unique}/n/m/k`, unique);
  },
  "removed and made again": (root, unique) => {
    fs.rmSync(join(root, "src/b"));
    write(root, "src/b", unique);
  },
  "a link led elsewhere": (root, unique) => {
    fs.rmSync(join(root, "src/link"), { force: true });
    fs.symlinkSync(unique, join(root, "src/link"));
  },
  "a directory of many removed": (root, unique) => {
    for (let count = 0; count < 5; count++) write(root, `src/${unique}/${count}`, "");
    fs.rmSync(join(root, "src", unique), { recursive: true });
    write(root, "src/dir/c", unique);
  },
  "made executable or not": (root, unique) => {
    fs.chmodSync(join(root, "src/b"), Number(unique.slice(1)) % 2 === 0 ? 0o755 : 0o644);
    write(root, "src/a", unique);
    fs.chmodSync(join(root, "src/a"), 0o755);
    fs.chmodSync(join(root, "src/a"), 0o644);
  },
};
