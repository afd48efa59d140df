/**
 * `python3 -m venv` without the seconds that its `ensurepip` takes each time: pip is copied from an environment that was
 * made once. For tests of what comes afterwards.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { kept } from "./python_packages.ts";

/** A directory for `PATH` with a `python3` that is the real one for everything else. */
export function quickPython(): string {
  const told = "import sys; print(sys.executable); print(sys.version)";
  const about = execFileSync("python3", ["-c", told], { encoding: "utf8" });
  const python = about.split("\n", 1)[0]!;
  const digest = createHash("sha256").update(about).digest("hex").slice(0, 12);
  const template = kept(`venv-${digest}`, (half) => {
    execFileSync(python, ["-m", "venv", half]);
  });
  const text = script(python, template);
  const version = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return kept(`venv-bin-${version}`, (half) => {
    writeFileSync(join(half, "python3"), text, { mode: 0o755 });
  });
}

/** Makes an environment. */
export function quickVenv(directory: string): void {
  execFileSync(join(quickPython(), "python3"), ["-m", "venv", directory]);
}

function script(python: string, template: string): string {
  return `#!/bin/sh
[ "$#" = 3 ] && [ "$1 $2" = "-m venv" ] || exec '${python}' "$@"
'${python}' -m venv --without-pip "$3" || exit
whole=$(cd "$3" && pwd) || exit
for lib in '${template}'/lib/python*; do
  cp -Rp "$lib/site-packages/." "$whole/lib/\${lib##*/}/site-packages/" || exit
done
for pip in '${template}'/bin/pip*; do
  # Its first line names the environment that it is of.
  { printf '#!%s/bin/python3\\n' "$whole"; tail -n +2 "$pip"; } > "$whole/bin/\${pip##*/}" || exit
  chmod +x "$whole/bin/\${pip##*/}" || exit
done
`;
}
