/** Small conda packages, written on disk by the tests that install them. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestPackage } from "./contract.ts";

/** A conda package to write. */
export interface CondaPackage {
  readonly name: string;
  readonly version: string;
  /** Match specs, such as `beta >=1`. */
  readonly requires?: readonly string[];
  /** By path; `{prefix}` in a text stands for the environment that it will be in. */
  readonly files: Readonly<Record<string, string>>;
  /** The platform that it is for; all where unset. */
  readonly subdir?: string;
}

/** Writes a channel of exactly these packages; the same package has the same bytes each time. */
export function writeChannel(directory: string, packages: readonly CondaPackage[]): void {
  const script = fileURLToPath(new URL("./channel.py", import.meta.url));
  execFileSync("python3", [script, directory], { input: JSON.stringify(packages) });
}

/** A package with a program that tells its version, and a Python module. */
export function condaPackage({ name, version, requires = [] }: TestPackage): CondaPackage {
  const modules = `lib/python3.12/site-packages/${name}`;
  return {
    name,
    version,
    requires,
    files: {
      [`bin/${name}`]: `#!/bin/sh\necho "${name} ${version}"\n`,
      [`share/${name}.prefix`]: "{prefix}\n",
      [`${modules}/__init__.py`]: `VERSION = "${version}"\n`,
      [`${modules}-${version}.dist-info/METADATA`]:
        `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    },
  };
}
