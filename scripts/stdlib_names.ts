/**
 * Writes plugins/pygraph/stdlib_names.ts anew: the names of Python's standard library by version, from the lists of
 * the package `stdlib-list`, pinned below. Run it when a Python version comes out: `deno run -A scripts/stdlib_names.ts`.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./root.ts";

const SOURCE = "stdlib-list==0.12.0";
const FIRST = 8;
const LAST = 14;
/** The first version that tells its own names. */
const FIRST_WITH_PRIVATE = 10;

const PRINT = `
import json, stdlib_list
print(json.dumps([sorted({name.split(".")[0] for name in stdlib_list.stdlib_list("3.%d" % minor)})
  for minor in range(${FIRST}, ${LAST + 1})]))
`;

const venv = mkdtempSync(join(tmpdir(), "qik-stdlib-"));
try {
  execFileSync("python3", ["-m", "venv", venv]);
  const python = join(venv, "bin", "python");
  execFileSync(python, ["-m", "pip", "install", "-q", "--no-deps", SOURCE], { stdio: "inherit" });
  const lists: string[][] = JSON.parse(execFileSync(python, ["-c", PRINT], { encoding: "utf8" }));
  writeFileSync(join(ROOT, "plugins", "pygraph", "stdlib_names.ts"), sourceOf(lists));
} finally {
  rmSync(venv, { recursive: true, force: true });
}

/** First and last minor version that has the name. */
function spanOf(lists: readonly string[][], name: string): readonly [number, number] {
  const minors = lists.flatMap((list, at) => list.includes(name) ? [at + FIRST] : []);
  const [first, last] = [minors[0]!, minors.at(-1)!];
  // Python's own list leaves out its tests, which are installed all the same. Lists of old versions lack some
  // private names: what is there before and after is there between, too.
  if (name === "test") return [FIRST, LAST];
  return [name.startsWith("_") && first <= FIRST_WITH_PRIVATE ? FIRST : first, last];
}

function sourceOf(lists: readonly string[][]): string {
  // Names of one machine's build, which got into the list of 3.9.
  const noise = /^(lib|_sysconfigdata.*)$/;
  const names = [...new Set(lists.flat())].filter((name) => !noise.test(name)).sort();
  const spans = names.map((name) => ({ name, span: spanOf(lists, name) }));
  const isEverywhere = ({ span }: { span: readonly [number, number] }) =>
    span[0] === FIRST && span[1] === LAST;
  const everywhere = spans.filter(isEverywhere).map(({ name }) => name);
  const some = spans.filter((one) => !isEverywhere(one))
    .map(({ name, span }) => `${name}:${span.join("-")}`);
  return `// Written by scripts/stdlib_names.ts from the lists of ${SOURCE}; not to be edited.

/** Minor versions of Python 3 that the names are known for. */
export const FIRST_MINOR = ${FIRST};
export const LAST_MINOR = ${LAST};

/** Top-level modules of every version. */
export const ALWAYS =
${quoted(everywhere)};

/** Those of some versions only: \`name:first-last\`. */
export const SOMETIMES =
${quoted(some)};
`;
}

/** Words as one text in lines of a fitting length. */
function quoted(words: readonly string[]): string {
  const lines: string[] = [""];
  for (const word of words) {
    if (lines.at(-1)!.length + word.length > 88) lines.push("");
    lines[lines.length - 1] += `${word} `;
  }
  return lines.map((line, at) => `  "${at === lines.length - 1 ? line.trimEnd() : line}"`)
    .join(" +\n");
}
