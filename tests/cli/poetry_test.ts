/** Environments that Poetry makes: the contract of all such plugins, and what only Poetry does. */
import { venvContract, type VenvTool, type Want } from "../support/venv/contract.ts";
import { openIndex } from "../support/venv/open_index.ts";
import { writeWheels } from "../support/venv/python_packages.ts";
import { poetry as poetryDirectory } from "../support/venv/tools.ts";

// Poetry reads indexes over HTTP only.
const index = await openIndex();

function poetry(): VenvTool {
  return {
    kind: "poetry",
    program: "poetry",
    installs: "*poetry?sync*",
    publish(directory, packages) {
      writeWheels(directory, packages);
      index.serve(directory);
    },
    environment: () => Promise.resolve({ path: poetryDirectory(), env: {} }),
    requirements: (name, wants) => ({
      reqs: `${name}/pyproject.toml`,
      files: { [`${name}/pyproject.toml`]: project(name, wants) },
    }),
  };
}

function project(name: string, wants: readonly Want[], more = ""): string {
  const list = wants.map(({ name, version }) => `"${name}${version ? `==${version}` : ""}"`);
  return `[project]
name = "${name}"
version = "0.1.0"
requires-python = ">=3.9"
dependencies = [${list.join(", ")}]

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "mine"
url = "${index.url}/simple"
priority = "primary"
${more}`;
}

venvContract("poetry", poetry, {
  lacks: ["keeps to a file", "where it is told"],
  slow: ["damaged", "two at once", "--install"],
});
