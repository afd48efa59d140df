/** How the steps use files and the tool. */
import { indexesOf, QikError, readRegular, type VenvCall } from "../../mod.ts";
import { type At, TOOLS } from "./venv.ts";
import { readWanted, Unusable, type Wanted } from "./wanted.ts";

/** Runs the tool that the settings name, else the first one that is there. @returns Its exit code. */
export async function run(
  call: VenvCall,
  { settings: { tool } }: At,
  argv: readonly string[],
  options?: Parameters<VenvCall["tool"]>[1],
): Promise<number> {
  const [first, ...others] = tool === undefined ? TOOLS : [tool];
  try {
    return await call.tool([first, ...argv], options);
  } catch (error) {
    if (!isMissing(error)) throw error;
    for (const other of others) {
      try {
        return await call.tool([other, ...argv], options);
      } catch (next) {
        if (!isMissing(next)) throw next;
      }
    }
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof QikError && error.problems.some(({ code }) => code === "tool-missing");
}

/** Everything that the files and the settings ask for. */
export function wantedBy(call: VenvCall, at: At): Wanted {
  const { python } = at.settings;
  const { index, further } = indexesOf(at.settings);
  const read = at.reqs.map((path) => readFile(call, at, path));
  const named = index === undefined ? read.flatMap(({ channels }) => channels) : [index];
  const specs = read.flatMap((one) => one.specs);
  return {
    channels: [...new Set([...named, ...further])],
    specs: python === undefined ? specs : [...specs, `python=${python}`],
  };
}

/** One file of requirements. @throws {QikError} `dep-unreadable` */
export function readFile(call: VenvCall, { space }: At, path: string): Wanted {
  try {
    return readWanted(path, textOf(call, path));
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    throw new QikError({
      code: "dep-unreadable",
      message: `Cannot use "${path}" for the space "${space.name}": ${error.message}`,
      ...error.message.includes('"pip"') && {
        hint: "Give packages of PyPI a space of their own, with qik.uv",
      },
    });
  }
}

/** A path of our own outside of the environment, in a directory that is there. */
export function scratchOf(call: VenvCall, { directory }: At): string {
  const scratch = `${call.root}/._qik/tmp/conda`;
  call.files.makeDirectory(scratch);
  return `${scratch}/${directory.slice(directory.lastIndexOf("/") + 1)}`;
}

/** The text of a file below the root; empty where it is missing. */
export function textOf({ files, root }: VenvCall, path: string): string {
  return new TextDecoder().decode(readRegular(files, `${root}/${path}`));
}
