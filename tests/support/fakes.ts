/** Programs that stand in for real ones in a test's PATH, and what really ran. */
import assert from "node:assert/strict";
import type { Repo } from "./repo.ts";

/**
 * A handle on the repository with these programs first on PATH; each is the body of a POSIX shell script.
 *
 * ```ts ignore because it needs the rig
 * const tools = await withPrograms(repo, { ruff: 'echo "ruff $*"' });
 * await tools.must("lint");
 * ```
 */
export async function withPrograms(
  repo: Repo,
  programs: Readonly<Record<string, string>>,
): Promise<Repo> {
  for (const [name, body] of Object.entries(programs)) {
    await repo.writeScript(`../programs/${name}`, `#!/bin/sh\n${body}\n`);
  }
  const path = `${repo.path("../programs")}:${repo.environment()["PATH"]}`;
  return repo.with({ env: { PATH: path } });
}

/** What a command does to be counted by {@link ranBy}: one line in a file outside the repository. */
export const mark = (name: string) => `echo ${name} >> ../ran`;

/** Runs qik, which must succeed, and returns the marks that commands made, in code-unit order. */
export async function ranBy(repo: Repo, ...args: readonly string[]): Promise<string[]> {
  await repo.remove("../ran");
  const { code } = await repo.qik(...args);
  assert.equal(code, 0, `qik ${args.join(" ")}\n${repo.log}`);
  return await ran(repo);
}

/** The marks since the last {@link ranBy}. */
export async function ran(repo: Repo): Promise<string[]> {
  if (!await repo.exists("../ran")) return [];
  return (await repo.read("../ran")).split("\n").filter((line) => line !== "").sort();
}

/** The names that `--ls` prints. */
export async function listed(repo: Repo, ...args: readonly string[]): Promise<string[]> {
  const { out } = await repo.must("--ls", ...args);
  return out.split("\n").filter((line) => line !== "");
}

/** A Python environment with installed distributions, made by hand: what `VIRTUAL_ENV` may name. */
export async function makeVenv(
  repo: Repo,
  dir: string,
  packages: Readonly<Record<string, string>>,
): Promise<void> {
  await repo.writeScript(`${dir}/bin/python3`, "#!/bin/sh\nexit 1\n");
  await repo.write({ [`${dir}/pyvenv.cfg`]: "home = /usr/bin\nversion = 3.12.1\n" });
  const site = `${dir}/lib/python3.12/site-packages`;
  await repo.remove(site);
  for (const [name, version] of Object.entries(packages)) {
    const info = `${site}/${name.replaceAll("-", "_")}-${version}.dist-info`;
    await repo.write({
      [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
      [`${info}/RECORD`]: "",
    });
  }
}
