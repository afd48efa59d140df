import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Replaces what varies by machine or run; lengths of aligned text are kept. */
export function redact(text: string, root?: string): string {
  const rooted = root === undefined ? text : text.replaceAll(root, "<root>");
  return rooted
    .replace(/\b[0-9a-f]{16,64}\b/g, (hex) => "<hash>".padEnd(hex.length))
    .replace(/\b\d+(\.\d+)?(ms|s)\b/g, (took) => "<t>".padStart(took.length));
}

/**
 * Stored outputs, one file each: a change of the output is a change that a reviewer reads.
 *
 * With `QIK_UPDATE_GOLDENS=1` the files are written anew; else a difference
 * and a missing file are failures. A file without a test is one always.
 */
export class Goldens {
  readonly #directory: string;
  readonly #used = new Set<string>();
  readonly #update = process.env["QIK_UPDATE_GOLDENS"] === "1";

  /** @param directory Holds nothing but the goldens of one test file. */
  constructor(directory: URL) {
    this.#directory = fileURLToPath(directory);
    if (this.#update) mkdirSync(this.#directory, { recursive: true });
  }

  /** @param name Without `.txt`; letters, digits, `-` and `_`. */
  check(name: string, actual: string): void {
    assert.match(name, /^[\w-]+$/);
    assert(!this.#used.has(name), `golden "${name}" is asked for twice`);
    this.#used.add(name);
    const file = `${this.#directory}/${name}.txt`;
    if (this.#update) writeFileSync(file, actual);
    assert(existsSync(file), `golden "${name}" is missing; write it with QIK_UPDATE_GOLDENS=1`);
    assert.equal(actual, readFileSync(file, "utf8"), `golden "${name}" differs`);
  }

  /** Call it in the last test of the file: a golden that no test asked for is a failure. */
  end(): void {
    const stale = readdirSync(this.#directory).filter((file) =>
      !this.#used.has(file.replace(/\.txt$/, ""))
    );
    assert.deepEqual(stale, [], "goldens without a test");
  }
}
