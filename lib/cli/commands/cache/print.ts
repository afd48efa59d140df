import { oneLine } from "../../../base/one_line.ts";
import { formatDuration } from "../../../base/duration.ts";
import { formatSize } from "../../../base/size.ts";
import type { Origin } from "../../../cache/cache.ts";
import type { StoredResult } from "../../../cache/inventory.ts";
import type { Sys } from "../../../sys/sys.ts";

/** Digits of a key that people are shown. */
const SHORT = 12;

export function print({ terminal }: Sys, text: string): void {
  terminal.write("out", new TextEncoder().encode(text));
}

export function printJson(sys: Sys, value: unknown): void {
  print(sys, JSON.stringify(value, null, 2) + "\n");
}

export function shortKey(key: string): string {
  return key.slice(0, SHORT);
}

/** A result for programs. Times are ISO 8601 in UTC; a committed result has none. */
export function resultRecord({ manifest, usedAt, sizeBytes }: StoredResult) {
  const { key, task, exit, tookMs, storedAt, artifacts } = manifest;
  return {
    key,
    task,
    exit,
    tookMs,
    storedAt: storedAt === 0 ? null : new Date(storedAt).toISOString(),
    usedAt: new Date(usedAt).toISOString(),
    sizeBytes,
    artifacts: artifacts.length,
  };
}

/**
 * Who made a result that came from a remote: believed only as far as the signature is.
 *
 * @param unsigned What is said where nobody's signature was checked.
 */
export function originRows(
  { scope, keyId, producer }: Origin,
  unsigned: string,
): string[][] {
  const { at, qik, arch, repo, ref, commit, event, run } = producer;
  const by = [repo, ref, commit?.slice(0, 12), event].filter((word) => word !== undefined);
  return [
    ["made by", [...by.map(oneLine), `qik ${oneLine(qik)} on ${oneLine(arch)}`].join(", ")],
    ["made at", new Date(at).toISOString()],
    ...run === undefined ? [] : [["made in", oneLine(run)]],
    ["scope", oneLine(scope)],
    ["signed by", keyId ?? unsigned],
  ];
}

/** How long ago something was, for people: `5m12s ago`, `3d ago`. */
export function ago(at: number, now: number): string {
  const ms = Math.max(0, now - at);
  if (ms < 1000) return "just now";
  if (ms < 48 * 3_600_000) return `${formatDuration(ms)} ago`;
  return `${Math.floor(ms / 86_400_000)}d ago`;
}

/** Columns of equal width; the last one is as it is. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row.map((cell, at) => at === row.length - 1 ? cell : cell.padEnd(widths[at]!)).join("  ")
      .trimEnd() + "\n"
  ).join("");
}

/** `3 results, 1.2 MB`. */
export function totalLine(results: readonly StoredResult[]): string {
  const bytes = results.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return `${results.length} ${results.length === 1 ? "result" : "results"}, ${formatSize(bytes)}\n`;
}

/** Tells on a terminal, at most ten times a second, how far a long piece of work is. */
export function progress({ terminal, clock }: Sys, what: string): {
  step(done: number): void;
  end(): void;
} {
  const shown = terminal.isTerminal("err");
  const write = (text: string) => terminal.write("err", new TextEncoder().encode(text));
  let last = clock.monotonic();
  let wrote = false;
  return {
    step(done) {
      if (!shown || done % 64 !== 0 || clock.monotonic() - last < 100) return;
      last = clock.monotonic();
      wrote = true;
      write(`\r${what} ${done}`);
    },
    end: () => wrote && write("\r\x1b[K"),
  };
}
