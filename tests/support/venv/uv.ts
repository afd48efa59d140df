/** The real uv, from PyPI. */
import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { VenvTool } from "./contract.ts";
import { kept, writeWheels } from "./python_packages.ts";

const VERSION = "0.13.9";

/** The directory that the program is in. */
export function uvDirectory(): string {
  return kept(`uv-${VERSION}`, (half) => {
    const run = (...argv: readonly string[]) =>
      execFileSync("python3", ["-m", ...argv], {
        cwd: half,
        stdio: ["ignore", "ignore", "inherit"],
      });
    // A wheel is unpacked rather than installed, so that no environment is needed for it.
    run("pip", "download", "-q", "--disable-pip-version-check", "--no-deps", `uv==${VERSION}`);
    const wheel = readdirSync(half).find((name) => name.endsWith(".whl"))!;
    run("zipfile", "-e", wheel, "unpacked");
    const scripts = join(half, "unpacked", `uv-${VERSION}.data`, "scripts");
    for (const name of readdirSync(scripts)) {
      chmodSync(join(scripts, name), 0o755);
      renameSync(join(scripts, name), join(half, name));
    }
    for (const name of [wheel, "unpacked"]) rmSync(join(half, name), { recursive: true });
  });
}

/** uv as the contract of environments wants it. */
export function uv(): VenvTool {
  return {
    kind: "uv",
    program: "uv",
    installs: "*pip*sync*",
    publish: writeWheels,
    environment: (directory) =>
      Promise.resolve({
        path: uvDirectory(),
        env: {
          UV_DEFAULT_INDEX: `file://${join(directory, "simple")}`,
          UV_PYTHON_DOWNLOADS: "never",
        },
      }),
    requirements: (name, wants) => ({
      reqs: `${name}.txt`,
      files: {
        [`${name}.txt`]: wants.map(({ name, version }) =>
          `${name}${version ? `==${version}` : ""}\n`
        ).join(""),
      },
    }),
  };
}
