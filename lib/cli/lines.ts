import { QikError } from "../base/problems.ts";
import type { Sys } from "../sys/sys.ts";

/**
 * The same error with lines. Parts of a plan know where they stand in a file by their TOML path alone; the
 * file is read again only when something is wrong with one of them.
 */
export async function withLines(error: QikError, { files }: Sys, root: string): Promise<QikError> {
  const { locateProblems } = await import("../config/locate.ts");
  const text = (file: string) => {
    const bytes = file === "" ? undefined : files.read(`${root}/${file}`);
    return bytes && new TextDecoder().decode(bytes);
  };
  return new QikError(locateProblems(error.problems, text), { cause: error });
}
