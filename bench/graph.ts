import { random } from "../tests/support/random.ts";

/** How large a generated repository is. */
export interface Size {
  readonly packages: number;
  /** Source files in all packages together. */
  readonly files: number;
}

export const SIZES = {
  small: { packages: 20, files: 1_000 },
  medium: { packages: 100, files: 5_000 },
  large: { packages: 500, files: 50_000 },
} as const satisfies Record<string, Size>;

/** A package: one task, which reads its sources and the artifacts of what it needs, and writes one artifact. */
export interface Package {
  readonly name: string;
  /** 0 needs nothing; each other layer needs packages of lower layers only. */
  readonly layer: number;
  readonly needs: readonly string[];
  /** Paths of its sources, relative to the root of the repository. */
  readonly sources: readonly string[];
}

const LAYERS = 10;

/**
 * The packages of a repository, lowest layer first: the same for the same size and seed.
 *
 * Every package above the lowest layer needs one to three others, one of them from the layer just below, so
 * that the longest path has as many tasks as there are layers.
 */
export function packageGraph({ packages, files }: Size, seed: number): Package[] {
  const next = random(seed);
  const layerOf = (index: number) => Math.floor(index * LAYERS / packages);
  const made: Package[] = [];
  for (let index = 0; index < packages; index++) {
    const name = `p${String(index).padStart(4, "0")}`;
    const layer = layerOf(index);
    const below = made.filter((each) => each.layer === layer - 1);
    const lower = made.filter((each) => each.layer < layer);
    const needs = new Set<string>();
    if (below.length > 0) needs.add(below[next(below.length)]!.name);
    for (let more = next(3); more > 0 && lower.length > 0; more--) {
      needs.add(lower[next(lower.length)]!.name);
    }
    const count = Math.floor((index + 1) * files / packages) - Math.floor(index * files / packages);
    const sources = Array.from({ length: count }, (_, i) => sourcePath(name, i));
    made.push({ name, layer, needs: [...needs].sort(), sources });
  }
  return made;
}

function sourcePath(name: string, index: number): string {
  return `packages/${name}/src/f${String(index).padStart(4, "0")}.ts`;
}

/** The one file that a package's task writes. */
export function artifactPath(name: string): string {
  return `packages/${name}/out/result.txt`;
}

/** The task's command, run from the root. */
export function commandOf({ name, needs }: Package): string {
  return ["sh", "tools/build.sh", name, ...needs].join(" ");
}

/** The script that every tool runs: what it writes depends on every byte that it reads. */
export const BUILD_SCRIPT = `set -e
name=$1
shift
mkdir -p packages/$name/out
{
  cat packages/$name/src/*
  for need in "$@"; do cat packages/$need/out/result.txt; done
} | cksum > packages/$name/out/result.txt
`;

/** Text of one source: a few hundred bytes that look like code. */
export function sourceText(seed: number): string {
  const next = random(seed);
  const lines = Array.from({ length: 4 + next(30) }, (_, i) => {
    return `export const v${i} = ${next(1e9)}; // ${next(1e9).toString(36)}`;
  });
  return lines.join("\n") + "\n";
}

/** The package of the middle layer whose edit reaches most tasks, and how many those are, with its own. */
export function middlePackage(packages: readonly Package[]): { edited: Package; reached: number } {
  const middle = packages.filter(({ layer }) => layer === LAYERS / 2);
  const counted = middle.map((edited) => ({ edited, reached: reachedBy(edited, packages) }));
  return counted.reduce((most, each) => each.reached > most.reached ? each : most);
}

function reachedBy({ name }: Package, packages: readonly Package[]): number {
  const reached = new Set([name]);
  // Packages stand in the order of their layers, so what one needs has been decided before it.
  for (const each of packages) {
    if (each.needs.some((need) => reached.has(need))) reached.add(each.name);
  }
  return reached.size;
}
