import process from "node:process";
import { type Repo, repoTest, type Tree } from "./repo.ts";

/** Set where no python3 is to be had: tests that need it are then left out, and counted as ignored. */
export const NO_PYTHON = process.env["QIK_TEST_NO_PYTHON"] === "1";

/** A test that needs python3: without it, and without the variable above, it fails. */
export function pythonTest(name: string, body: () => void | Promise<void>): void {
  Deno.test({ name, ignore: NO_PYTHON, fn: body });
}

/** The same with a repository of its own. */
export function pythonRepoTest(
  name: string,
  files: Tree,
  body: (repo: Repo) => Promise<void>,
): void {
  if (NO_PYTHON) pythonTest(name, () => {});
  else repoTest(name, files, body);
}
