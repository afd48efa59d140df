/** Which Python a pyenv shim starts, by reading the files that pyenv reads; pyenv's hooks are not run. */
import { byCodeUnit } from "../base/order.ts";
import type { Files } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { variable } from "./environ.ts";
import { above, isFile, readText, type VenvPorts } from "./ports.ts";

/** A shim is a small shell script; anything larger is not looked into. */
const LARGEST_SHIM_BYTES = 4096;

/** The directory that a shim serves, or `undefined` where `path` is no pyenv shim. */
export function pyenvRoot(files: Files, path: string): string | undefined {
  const size = unlessClosed(() => files.stat(path))?.size ?? Infinity;
  if (size > LARGEST_SHIM_BYTES) return undefined;
  const text = readText(files, path);
  if (text === undefined || !text.startsWith("#!") || !text.includes("pyenv")) return undefined;
  return /\bPYENV_ROOT=(["']?)(.+?)\1$/m.exec(text)?.[2];
}

/**
 * The `python3` that pyenv would start in the root directory.
 *
 * @param pyenv From {@link pyenvRoot}.
 * @returns An absolute path; `"system"` where pyenv hands on to the rest of `PATH`; `undefined` where the
 *   version that is asked for is not installed.
 */
export function pyenvPython(ports: VenvPorts, pyenv: string): string | undefined {
  const { files } = ports;
  const wanted = wantedVersions(ports, pyenv);
  if (wanted.length === 0) return "system";
  for (const name of wanted) {
    if (name === "system") return "system";
    const version = installedVersion(files, pyenv, name);
    const python = version && `${pyenv}/versions/${version}/bin/python3`;
    if (python !== undefined && isFile(files, python)) return python;
  }
  return undefined;
}

function wantedVersions({ files, env, platform, root }: VenvPorts, pyenv: string): string[] {
  const chosen = variable(env, "PYENV_VERSION", platform);
  if (chosen) return chosen.split(":").filter((name) => name !== "");
  for (let directory = root;; directory = above(directory)) {
    const text = readText(files, `${directory}/.python-version`);
    if (text !== undefined) return versionNames(text);
    if (directory === "") return versionNames(readText(files, `${pyenv}/version`) ?? "");
  }
}

/** The first word of each line that is not a comment; names that would leave `versions/` are dropped. */
function versionNames(text: string): string[] {
  return text.split(/[\r\n]+/)
    .map((line) => line.trim().split(/\s+/)[0] ?? "")
    .filter((name) => name !== "" && !name.startsWith("#") && name !== ".." && !name.includes("/"));
}

/** The name itself, or the newest release that it begins: `3.11` means `3.11.7`. */
function installedVersion(files: Files, pyenv: string, wanted: string): string | undefined {
  const names = (unlessClosed(() => files.list(`${pyenv}/versions`)) ?? []).map(({ name }) => name);
  for (const name of [wanted, wanted.replace(/^python-/, "")]) {
    if (names.includes(name)) return name;
    const releases = names.filter((other) =>
      other.startsWith(`${name}.`) && /^\d+(\.\d+)*$/.test(other)
    );
    if (releases.length > 0) return releases.sort(byRelease).at(-1);
  }
  return undefined;
}

function byRelease(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return byCodeUnit(a, b);
}
