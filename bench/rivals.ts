import { artifactPath, commandOf, type Package } from "./graph.ts";

/** A tool's own files for the same graph of tasks: path to text. */
export type Files = Map<string, string>;

export function qikFiles(packages: readonly Package[]): Files {
  const commands = packages.map((each) => {
    const upstream = each.needs.map((name) => `, { type = "command", name = "${name}" }`);
    return `[commands.${each.name}]\n` +
      `exec = "${commandOf(each)}"\n` +
      `deps = ["packages/${each.name}/src", "tools/build.sh"${upstream.join("")}]\n` +
      `artifacts = ["${artifactPath(each.name)}"]\n`;
  });
  return new Map([["qik.toml", commands.join("\n")]]);
}

export function ninjaFiles(packages: readonly Package[]): Files {
  const edges = packages.map((each) => {
    const inputs = [...each.sources, "tools/build.sh", ...each.needs.map(artifactPath)];
    return `build ${artifactPath(each.name)}: task ${inputs.join(" $\n  ")}\n` +
      `  line = ${commandOf(each)}\n`;
  });
  const rule = "rule task\n  command = $line\n  description = $line\n\n";
  return new Map([["build.ninja", rule + edges.join("\n")]]);
}

export function makeFiles(packages: readonly Package[]): Files {
  const all = `all: ${packages.map(({ name }) => artifactPath(name)).join(" \\\n  ")}\n`;
  const rules = packages.map((each) => {
    const inputs = [...each.sources, "tools/build.sh", ...each.needs.map(artifactPath)];
    return `${artifactPath(each.name)}: ${inputs.join(" \\\n  ")}\n\t@${commandOf(each)}\n`;
  });
  return new Map([["Makefile", [all, ...rules].join("\n")]]);
}

export function turboFiles(packages: readonly Package[]): Files {
  const json = (value: unknown) => JSON.stringify(value, undefined, 2) + "\n";
  const files: Files = new Map();
  const root = { name: "bench", private: true, workspaces: ["packages/*"] };
  files.set("package.json", json({ ...root, packageManager: "npm@11.0.0" }));
  files.set(
    "turbo.json",
    json({
      globalDependencies: ["tools/build.sh"],
      tasks: { build: { dependsOn: ["^build"], inputs: ["src/**"], outputs: ["out/**"] } },
    }),
  );
  const locked: Record<string, unknown> = { "": root };
  for (const each of packages) {
    const dependencies = Object.fromEntries(each.needs.map((name) => [name, "1.0.0"]));
    const manifest = { name: each.name, version: "1.0.0", dependencies };
    const scripts = { build: `cd ../.. && ${commandOf(each)}` };
    files.set(`packages/${each.name}/package.json`, json({ ...manifest, scripts }));
    locked[`packages/${each.name}`] = manifest;
    locked[`node_modules/${each.name}`] = { resolved: `packages/${each.name}`, link: true };
  }
  files.set("package-lock.json", json({ name: "bench", lockfileVersion: 3, packages: locked }));
  return files;
}
