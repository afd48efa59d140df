import process from "node:process";
import type { Ran, Repo } from "./repo.ts";
import { qikCommand } from "./repo.ts";

/** Set where the machine does not let tests mount (most containers, macOS): these tests are then left out, by choice. */
export const NO_MOUNTS = process.env["QIK_TEST_NO_MOUNTS"] === "1";

/** Runs one shell script: `qik` in it is the program under test. */
export function shell(repo: Repo, script: string): Promise<Ran> {
  return repo.run("sh", "-c", `qik() { ${quoted(qikCommand())} "$@"; }\n${script}`);
}

/**
 * The same in a mount namespace of its own, where the script may mount what it likes: everything is unmounted
 * when it ends, and nobody else sees it. Also without root, where user namespaces are allowed.
 */
export async function shellWithMounts(repo: Repo, script: string): Promise<Ran> {
  const namespace = process.getuid?.() === 0 ? "-m" : "-rm";
  const whole = `qik() { ${quoted(qikCommand())} "$@"; }\nset -e\n${script}`;
  const ran = await repo.run("unshare", namespace, "sh", "-c", `echo mounted >&2\n${whole}`);
  if (!ran.err.startsWith("mounted\n")) {
    throw new Error(
      `Cannot make a mount namespace (QIK_TEST_NO_MOUNTS=1 leaves these tests out): ${ran.err}`,
    );
  }
  return { ...ran, err: ran.err.slice("mounted\n".length) };
}

/** Words of a shell command. */
export function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}
