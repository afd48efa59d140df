import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { setAside } from "./aside.ts";
import { BUILD_SCRIPT, middlePackage, type Package, sourceText } from "./graph.ts";
import type { Files } from "./rivals.ts";

/** git's own times are only believed when they are older than its index by more than this. */
const SETTLE_MS = 2_100;
const IGNORED = ["/packages/*/out/", "/._qik/", ".turbo/", "/node_modules/", "/.ninja_*", ""];

/** A generated repository on disk, for one tool. */
export interface Repository {
  readonly directory: string;
  readonly packages: readonly Package[];
}

/** Writes sources and the tool's files, and commits them. */
export async function writeRepository(
  directory: string,
  packages: readonly Package[],
  files: Files,
): Promise<Repository> {
  const all: Files = new Map([...files, ["tools/build.sh", BUILD_SCRIPT]]);
  all.set(".gitignore", IGNORED.join("\n"));
  for (const [index, { sources }] of packages.entries()) {
    for (const [at, path] of sources.entries()) all.set(path, sourceText(index * 10_000 + at));
  }
  for (const path of new Set([...all.keys()].map(dirname))) {
    await mkdir(join(directory, path), { recursive: true });
  }
  for (const [path, text] of all) await writeFile(join(directory, path), text);
  await wait(SETTLE_MS);
  git(directory, "init", "-q", "-b", "main");
  git(directory, "add", "-A");
  git(
    directory,
    "-c",
    "user.name=b",
    "-c",
    "user.email=b@example.com",
    "commit",
    "-q",
    "-m",
    "all",
  );
  return { directory, packages };
}

function git(directory: string, ...args: readonly string[]): void {
  const env = { GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" };
  const { success, stderr } = new Deno.Command("git", { args: [...args], cwd: directory, env })
    .outputSync();
  if (!success) throw new Error(`git ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/** Takes away what the tasks wrote. */
export function removeArtifacts({ directory, packages }: Repository): Promise<void> {
  for (const { name } of packages) {
    setAside(join(directory, "packages", name, "out"), asideOf(directory));
  }
  return Promise.resolve();
}

/** Takes away all that any of the tools remembers, and what the tasks wrote. */
export async function removeState(repository: Repository): Promise<void> {
  const { directory, packages } = repository;
  await removeArtifacts(repository);
  const inner = packages.map(({ name }) => `packages/${name}/.turbo`);
  for (const path of ["._qik", ".turbo", ".ninja_log", ".ninja_deps", "node_modules", ...inner]) {
    setAside(join(directory, path), asideOf(directory));
  }
}

function asideOf(directory: string): string {
  return `${directory}.aside`;
}

/** Changes the content of one source in the middle of the graph; each round to something new. */
export async function editMiddle(
  { directory, packages }: Repository,
  round: number,
): Promise<void> {
  const path = join(directory, middlePackage(packages).edited.sources[0]!);
  await writeFile(path, sourceText(round) + `// round ${round}\n`);
}

/** All artifacts as one text: equal for two tools that did the same work. */
export async function artifactsText({ directory, packages }: Repository): Promise<string> {
  const texts = await Promise.all(
    packages.map(({ name }) =>
      readFile(join(directory, "packages", name, "out/result.txt"), "utf8")
    ),
  );
  return texts.join("");
}
