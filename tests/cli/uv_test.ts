/** Environments that uv makes: the contract of all such plugins, and what only uv does. */
import { join } from "node:path";
import { venvContract, type VenvTool } from "../support/venv/contract.ts";
import { writeWheels } from "../support/venv/python_packages.ts";
import { uvDirectory } from "../support/venv/uv.ts";

function uv(): VenvTool {
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

venvContract("uv", uv);
