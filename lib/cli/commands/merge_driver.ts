import { QikError } from "../../base/problems.ts";
import { isIntactEntry } from "../../cache/repo_files.ts";
import { registerMergeDriver } from "../../git/merge_driver.ts";
import { errorCode, type Files } from "../../sys/sys.ts";
import type { MetaCall } from "../meta_spec.ts";
import type { AppParts, Exit } from "../parts.ts";
import { absolutePath } from "../paths.ts";
import { openProject } from "../project.ts";

/**
 * `qik :merge-driver BASE OURS THEIRS [PATH]`, called by git: leaves one whole side in the file OURS. Which one
 * hardly matters, because an entry that does not fit what is in the working tree is a miss; a mixture of both
 * would be damage. Needs no configuration: in the middle of a merge there may be none that can be read.
 */
export async function run(parts: AppParts, call: MetaCall): Promise<Exit> {
  if (call.options["install"] === true) return await install(parts, call);
  const [, ours, theirs, path = ours] = call.words;
  if (ours === undefined || theirs === undefined) {
    throw new QikError({
      code: "usage",
      message: "Cannot merge: git gives the names of three files",
      hint: "See: qik :merge-driver --help",
    });
  }
  const { files, machine: { cwd } } = parts.sys;
  const read = (file: string) => readSide(files, absolutePath(file, cwd), file);
  const [own, other] = [read(ours), read(theirs)];
  if (other === undefined) {
    throw new QikError({ code: "usage", message: `Cannot merge: "${theirs}" is not there` });
  }
  const isEntry = path?.endsWith(".json") ?? false;
  const takeOther = own === undefined || (isEntry && !isIntactEntry(own) && isIntactEntry(other));
  if (takeOther) files.write(absolutePath(ours, cwd), other);
  return { code: 0 };
}

function readSide(files: Files, path: string, name: string): Uint8Array | undefined {
  try {
    return files.read(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw new QikError({
      code: "usage",
      message: `Cannot merge: "${name}" is not to be read: ${code}`,
    });
  }
}

async function install(parts: AppParts, { invocation }: MetaCall): Promise<Exit> {
  const { paths: { root } } = await openProject(parts, invocation);
  if (!await registerMergeDriver(parts.sys, root)) {
    throw new QikError({
      code: "git-failed",
      message: `Cannot write git's configuration of "${root}"`,
    });
  }
  parts.sys.terminal.write("out", new TextEncoder().encode("git knows the merge driver of qik\n"));
  return { code: 0 };
}
