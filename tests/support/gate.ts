import { execFileSync } from "node:child_process";
import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * A command that says when it has started and then waits until the test tells it how to end.
 *
 * Two FIFOs, no polling and no timer: {@link started} resolves when the command runs, {@link finish} lets it
 * go on. A gate opens once; a command that runs again needs `again()` first (or waits for the next call of
 * both). Unix only.
 *
 * ```ts ignore
 * const gate = new Gate(repo.path("gates"), "build");   // the directory must exist
 * await repo.write({ "qik.toml": `[commands]\nbuild = '''${gate.exec}'''\n` });
 * const run = repo.startQik("build");
 * await gate.started();
 * await gate.finish(7);
 * assert.equal((await run.ended).code, 7);
 * ```
 */
export class Gate {
  constructor(readonly directory: string, readonly name: string) {
    execFileSync("mkfifo", [this.#path("up"), this.#path("go")]);
  }

  #path(end: string): string {
    return join(this.directory, `${this.name}.${end}`);
  }

  /** What to put into qik.toml as the command (or a part of it, before `;` or `&&`). */
  get exec(): string {
    return `(echo ${this.name} > "${this.#path("up")}"; ` +
      `read -r code < "${this.#path("go")}"; exit "$code")`;
  }

  /** The same, after `trap`: SIGINT and SIGTERM do not end it. */
  get stubborn(): string {
    return `trap '' INT TERM; ${this.exec}`;
  }

  /** Resolves when the command runs and waits. */
  async started(): Promise<void> {
    const said = await readFile(this.#path("up"), "utf8");
    if (said !== `${this.name}\n`) throw new Error(`Gate "${this.name}" heard "${said}"`);
  }

  /**
   * The same, for a command that may fail before it comes to the gate.
   *
   * @throws {Error} Where the program ended first, with what it printed.
   */
  async startedBy(
    running: { readonly ended: Promise<unknown>; readonly out: string; readonly err: string },
  ): Promise<void> {
    let isOver = false;
    const free = async () => {
      if (!isOver) await this.release();
    };
    running.ended.then(free, free);
    try {
      await this.started();
    } catch (error) {
      await running.ended;
      const message = `Ended before the gate "${this.name}":\n${running.out}${running.err}`;
      throw new Error(message, { cause: error });
    } finally {
      isOver = true;
    }
  }

  /** Ends the command with this exit code. Call it after {@link started}. */
  finish(code = 0): Promise<void> {
    return writeFile(this.#path("go"), `${code}\n`);
  }

  /** Waits for the command and lets it end. */
  async pass(code = 0): Promise<void> {
    await this.started();
    await this.finish(code);
  }

  /**
   * Gives back a test that still waits in {@link started} for a command that never ran, so that the test can
   * end: opens the other end and closes it.
   */
  async release(): Promise<void> {
    const end = await open(this.#path("up"), "r+");
    await end.close();
  }
}
