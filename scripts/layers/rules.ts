import { type Edge, importCycles } from "./cycles.ts";
import { type Facts, type Import, readFacts, type Source } from "./source.ts";

/** Rooms of lib/, lowest first: a room imports itself and rooms before it. */
export const ROOMS = [
  "base",
  "sys",
  "events",
  "config",
  "git",
  "space",
  "plan",
  "hash",
  "cache",
  "proof",
  "run",
  "report",
  "plugin",
  "cli",
] as const;

/** Reporters see events only, whatever lies below them. */
const REPORT_READS = ["base", "events", "report"];
const RUNTIME_NAMES = new Set(["Deno", "Bun", "process"]);
/** Modules that reach files, processes, the network or the machine; `/promises` included. */
const DOORS = new Set(
  ("child_process cluster dgram dns fs http http2 https inspector net os process readline repl " +
    "sqlite tls tty worker_threads").split(" "),
);
/** Clock, chance and console are doors as well: a port must be handed in. */
const AMBIENT_NAMES = new Set([
  "setTimeout",
  "setInterval",
  "setImmediate",
  "performance",
  "console",
]);
const AMBIENT_MEMBERS = new Set(["Date.now", "new Date", "Math.random"]);
const EMPTY_WORDS = new Set(
  "util utils helper helpers manager managers data handle handler handlers misc common".split(" "),
);
const EMPTY_SUFFIX = /(Utils?|Helpers?|Manager)$/;

export const MOST_LINES = 400;
export const MOST_FUNCTION_LINES = 60;

/** One broken rule, at the place where it is broken. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/**
 * Checks the rules of ARCHITECTURE.md's "Rooms" on a whole checkout.
 *
 * @param sources Every TypeScript file below lib, plugins, scripts, bench and tests, and main.ts and mod.ts.
 * @returns What is broken, in the order of paths and lines.
 */
export function checkLayers(sources: readonly Source[]): Violation[] {
  const found: Violation[] = [];
  const edges: Edge[] = [];
  for (const source of sources) {
    const facts = readFacts(source);
    const report = (line: number, message: string) =>
      void found.push({ path: facts.path, line, message });
    checkName(facts, report);
    checkSizes(facts, report);
    checkSleeps(facts, report);
    if (!isProduct(facts.path)) continue;
    for (const item of facts.imports) checkImport(facts.path, item, report);
    if (roomOf(facts.path) !== "sys") checkDoors(facts, report);
    edges.push(...edgesOf(facts));
  }
  found.push(...cycleViolations(edges));
  return found.sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line);
}

type Report = (line: number, message: string) => void;

/** What ships: the layering rules hold here, the others everywhere. */
function isProduct(path: string): boolean {
  return /^(lib|plugins)\//.test(path) || path === "main.ts" || path === "mod.ts";
}

function roomOf(path: string): string | undefined {
  return /^lib\/([^/]+)\//.exec(path)?.[1];
}

function checkImport(path: string, { specifier, line }: Import, report: Report): void {
  if (specifier === undefined) {
    // A compiler cannot see it: only what loads people's own plugins may do that.
    if (path !== "lib/sys/modules.ts") report(line, "imports a computed name: write a literal");
    return;
  }
  const target = resolve(path, specifier);
  if (target === undefined) return;
  if (path.startsWith("lib/")) checkRoom(path, target, line, report);
  else if (path === "mod.ts" && !target.startsWith("lib/")) {
    report(line, `mod.ts imports lib only, not ${target}`);
  } else if (path.startsWith("plugins/")) checkPlugin(path, target, line, report);
}

function checkRoom(path: string, target: string, line: number, report: Report): void {
  const room = roomOf(path);
  const other = roomOf(target);
  if (other === undefined) return report(line, `lib never imports ${target}`);
  const rank = (name: string | undefined) =>
    (ROOMS as readonly (string | undefined)[]).indexOf(name);
  if (rank(other) > rank(room)) report(line, `${room} lies below ${other}: imports ${target}`);
  else if (room === "report" && !REPORT_READS.includes(other)) {
    report(line, `report imports base and events only, not ${target}`);
  }
}

function checkPlugin(path: string, target: string, line: number, report: Report): void {
  const [, name, below] = path.split("/");
  if (target === "mod.ts") return;
  const table = below === undefined;
  const fine = table ? target.startsWith("plugins/") : target.startsWith(`plugins/${name}/`);
  if (!fine) report(line, `a plugin imports mod.ts and itself only, not ${target}`);
}

/** The file a relative import leads to; `undefined` for packages and built-in modules. */
function resolve(from: string, specifier: string): string | undefined {
  if (!/^\.{0,2}\//.test(specifier)) return undefined;
  const parts = specifier.startsWith("/") ? [] : from.split("/").slice(0, -1);
  for (const piece of specifier.split("/")) {
    if (piece === "" || piece === ".") continue;
    if (piece === "..") parts.pop();
    else parts.push(piece);
  }
  return parts.join("/");
}

function edgesOf({ path, imports }: Facts): Edge[] {
  return imports.flatMap(({ specifier, line }) => {
    const to = specifier === undefined ? undefined : resolve(path, specifier);
    return to === undefined ? [] : [{ from: path, to, line }];
  });
}

function cycleViolations(edges: readonly Edge[]): Violation[] {
  return importCycles(edges).map((cycle) => {
    const [path, next] = cycle as [string, string];
    const line = edges.find(({ from, to }) => from === path && to === next)!.line;
    return { path, line, message: `import cycle: ${cycle.join(" -> ")}` };
  });
}

/** Nothing outside lib/sys reaches outside: no runtime names, no I/O modules, no clock, no chance. */
function checkDoors(facts: Facts, report: Report): void {
  for (const { specifier, line } of facts.imports) {
    if (specifier === undefined) continue;
    const name = specifier.replace(/^node:/, "").split("/")[0]!;
    if (DOORS.has(name)) report(line, `only lib/sys imports "${specifier}"`);
  }
  for (const { name, line } of facts.names) {
    if (RUNTIME_NAMES.has(name)) report(line, `only lib/sys names ${name}`);
    if (AMBIENT_NAMES.has(name)) report(line, `only lib/sys uses ${name}: take a port`);
  }
  for (const { name, line } of facts.members) {
    if (AMBIENT_MEMBERS.has(name)) report(line, `only lib/sys uses ${name}: take a port`);
    if (name.endsWith(".localeCompare")) {
      report(line, "localeCompare depends on the machine: use byCodeUnit");
    }
    const hidden = /^(?:globalThis|self|window|global)\.(Deno|Bun|process)$/.exec(name)?.[1];
    const plain = facts.names.some((use) => use.name === hidden && use.line === line);
    if (hidden !== undefined && !plain) report(line, `only lib/sys names ${hidden}`);
  }
}

function checkName({ path, exported }: Facts, report: Report): void {
  const name = path.split("/").at(-1)!;
  if (!/^[a-z0-9_]+\.ts$/.test(name)) report(1, `file names are snake_case: ${name}`);
  const room = roomOf(path);
  const inLib = path.startsWith("lib/");
  if (inLib && !(ROOMS as readonly (string | undefined)[]).includes(room)) {
    report(1, `lies in no room: the rooms are ${ROOMS.join(" ")}`);
  }
  for (const word of path.replace(/\.ts$/, "").split(/[/_]/)) {
    if (EMPTY_WORDS.has(word)) report(1, `"${word}" says nothing: name what the file is about`);
  }
  for (const use of exported) {
    if (EMPTY_SUFFIX.test(use.name)) {
      report(use.line, `"${use.name}" says nothing: name what it does`);
    }
  }
}

function checkSizes({ path, lines, functions }: Facts, report: Report): void {
  if (path.startsWith("tests/")) return;
  if (lines > MOST_LINES) report(MOST_LINES + 1, `${lines} lines: at most ${MOST_LINES}`);
  for (const one of functions) {
    if (one.lines <= MOST_FUNCTION_LINES) continue;
    report(one.line, `function ${one.name} has ${one.lines} lines: at most ${MOST_FUNCTION_LINES}`);
  }
}

/** Order in tests comes from gates: a timer makes them slow and flaky. */
function checkSleeps({ path, names }: Facts, report: Report): void {
  if (!path.startsWith("tests/") || path === "tests/support/running.ts") return;
  for (const { name, line } of names) {
    if (name === "setTimeout" || name === "setInterval") {
      report(line, `${name} in a test: use a Gate or a fake clock`);
    }
  }
}
