/** The real uv, from PyPI. */
import { execFileSync } from "node:child_process";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { VenvTool } from "./contract.ts";
import { kept, requirement, writeWheels } from "./python_packages.ts";

const VERSION = "0.13.9";

/** The directory that the program is in. */
export function uvDirectory(): string {
  return kept(`uv-${VERSION}`, (half) => {
    const run = (...argv: readonly string[]) =>
      execFileSync(argv[0]!, argv.slice(1), { cwd: half, stdio: ["ignore", "ignore", "inherit"] });
    // A Python may come without pip, but not without what makes it.
    run("python3", "-m", "venv", "venv");
    run("venv/bin/python", "-m", "pip", "install", "-q", "--no-deps", `uv==${VERSION}`);
    for (const name of ["uv", "uvx"]) renameSync(join(half, "venv/bin", name), join(half, name));
    rmSync(join(half, "venv"), { recursive: true });
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
        [`${name}.txt`]: wants.map(requirement).join(""),
      },
    }),
  };
}
