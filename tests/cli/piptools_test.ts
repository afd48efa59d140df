/** Environments that pip-tools makes: the contract of all such plugins, and what only pip-tools does. */
import { join } from "node:path";
import { venvContract, type VenvTool } from "../support/venv/contract.ts";
import { writeWheels } from "../support/venv/python_packages.ts";
import { pipTools } from "../support/venv/tools.ts";

function piptools(): VenvTool {
  return {
    kind: "piptools",
    program: "pip-compile",
    others: ["pip-sync"],
    installs: "*pip-sync*",
    publish: writeWheels,
    environment: (directory) =>
      Promise.resolve({
        path: pipTools(),
        env: { PIP_INDEX_URL: `file://${join(directory, "simple")}` },
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

// Each environment costs Python three seconds, most of them for pip itself.
venvContract("piptools", piptools, {
  slow: ["damaged", "two at once", "keeps to a file", "where it is told", "--install"],
});
