import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";

/** A Python of this machine. */
export interface FoundPython {
  /** Such as `3.12`. */
  readonly version: string;
  readonly directory: string;
}

/** The CPythons that can be started here from 3.9 on, one of each version, newest first. */
export function pythonsHere(): readonly FoundPython[] {
  const pyenv = join(process.env["PYENV_ROOT"] ?? join(homedir(), ".pyenv"), "versions");
  const versions = existsSync(pyenv) ? readdirSync(pyenv) : [];
  const directories = [
    ...versions.map((version) => join(pyenv, version, "bin")),
    ...(process.env["PATH"] ?? "").split(delimiter).filter((path) => !path.endsWith("shims")),
  ];
  const found = new Map<number, FoundPython>();
  for (const directory of directories.filter((path) => path !== "" && existsSync(path))) {
    for (const name of readdirSync(directory)) {
      const minor = Number(/^python3\.(\d+)$/.exec(name)?.[1] ?? 0);
      if (minor >= 9 && !found.has(minor)) found.set(minor, { version: `3.${minor}`, directory });
    }
  }
  return [...found].sort(([a], [b]) => b - a).map(([, python]) => python);
}
