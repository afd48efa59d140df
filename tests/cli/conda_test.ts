/** Environments that conda's tools make: the contract of all such plugins, and what only conda does. */
import { condaPackage, writeChannel } from "../support/venv/channel.ts";
import { venvContract, type VenvTool } from "../support/venv/contract.ts";
import { micromamba } from "../support/venv/tools.ts";

function conda(): VenvTool {
  return {
    kind: "conda",
    program: "micromamba",
    installs: "*--file*",
    publish: (directory, packages) => writeChannel(directory, packages.map(condaPackage)),
    environment: (directory) =>
      Promise.resolve({ path: micromamba(), env: { CONDA_CHANNELS: `file://${directory}` } }),
    requirements: (name, wants) => {
      const specs = wants.map(({ name, version }) =>
        `  - ${name}${version ? `=${version}` : ""}\n`
      );
      return {
        reqs: `${name}.yml`,
        files: { [`${name}.yml`]: `dependencies:\n${specs.join("")}` },
      };
    },
  };
}

venvContract("conda", conda, { slow: ["damaged", "two at once", "where it is told"] });
