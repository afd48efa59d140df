/** The real tools, at pinned versions from PyPI, made once and kept (`kept`). */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { kept } from "./python_packages.ts";
import type { FoundPython } from "./pythons.ts";

const PIP_TOOLS = ["pip-tools==7.6.2", "pip==26.3"];

/**
 * pip-tools.
 *
 * @returns A directory for `PATH`, with `pip-compile` and `pip-sync`.
 * @throws Where there is no python3, no pip or no PyPI: without them nothing would be shown.
 */
export function pipTools(): string {
  return programs(PIP_TOOLS, {
    "pip-compile": ["-m", "piptools", "compile"],
    "pip-sync": ["-m", "piptools", "sync"],
  });
}

/** The directory of a Python that has pip-tools. */
export function pythonWithPipTools({ version, directory }: FoundPython): string {
  return join(
    venvOf([...PIP_TOOLS, `python ${version}`], join(directory, `python${version}`)),
    "bin",
  );
}

/** Poetry, as {@link pipTools}. */
export function poetry(): string {
  return programs(["poetry==2.5.1"], { poetry: ["-m", "poetry"] });
}

/**
 * micromamba: the program that `QIK_TEST_MICROMAMBA` names, else `micromamba.py`, its command line over the real
 * solver and installer that py-rattler brings.
 *
 * No registry of packages has micromamba, mamba or conda: not PyPI (`conda-express` fetches them from conda's own
 * servers when it first runs), npm (`setup-micromamba` does the same), Debian or crates.io (`rattler-bin` is the same solver with a
 * command line of its own).
 */
export function micromamba(): string {
  const real = process.env["QIK_TEST_MICROMAMBA"] ?? "";
  if (real !== "") return dirname(real);
  const script = readFileSync(new URL("./micromamba.py", import.meta.url), "utf8");
  const start = { micromamba: ["{here}/micromamba.py"] };
  return programs(["py-rattler==0.28.0"], start, { "micromamba.py": script });
}

/**
 * Programs of packages that lie in an environment of their own.
 *
 * @param pins The first one names the directory.
 * @param starts Arguments of its Python, by the name of the program; `{here}` is the program's directory.
 * @param beside Files that lie beside the programs.
 */
function programs(
  pins: readonly string[],
  starts: Readonly<Record<string, readonly string[]>>,
  beside: Readonly<Record<string, string>> = {},
): string {
  const venv = venvOf(pins, "python3");
  const name = pins[0]!.split("==", 1)[0]!;
  // The scripts that pip wrote name the directory as it was called then.
  return kept(`${name}-bin-${digestOf([venv, starts, beside])}`, (half) => {
    for (const [file, text] of Object.entries(beside)) writeFileSync(join(half, file), text);
    for (const [program, args] of Object.entries(starts)) {
      const words = args.map((arg) => `"${arg.replace("{here}", '$(dirname "$0")')}"`);
      const text = `#!/bin/sh\nexec "${venv}/bin/python" ${words.join(" ")} "$@"\n`;
      writeFileSync(join(half, program), text, { mode: 0o755 });
    }
  });
}

/** An environment of its own. What is pinned to no version is only told apart by. */
function venvOf(pins: readonly string[], python: string): string {
  const run = (argv: readonly string[]) =>
    execFileSync(argv[0]!, argv.slice(1), { stdio: ["ignore", "inherit", "inherit"] });
  return kept(`${pins[0]!.split("==", 1)[0]!}-${digestOf(pins)}`, (half) => {
    run([python, "-m", "venv", half]);
    const pip = [join(half, "bin/python"), "-m", "pip", "install", "-q"];
    run([...pip, "--disable-pip-version-check", ...pins.filter((pin) => pin.includes("=="))]);
  });
}

function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);
}
