import { oneLine } from "../../../base/one_line.ts";
import { checkCommitted, type Checked, checkStore } from "../../../cache/inventory.ts";
import { QikError } from "../../../base/problems.ts";
import { plural } from "../../../report/text.ts";
import type { MetaCall } from "../../meta_spec.ts";
import type { AppParts, Exit } from "../../parts.ts";
import { openCache } from "./open.ts";
import { print, printJson, progress } from "./print.ts";

/** `qik :cache verify`: exits with 1 if anything was damaged. */
export async function run(parts: AppParts, call: MetaCall): Promise<Exit> {
  const { sys } = parts;
  const { project, kind, remote } = await openCache(parts, call, false);
  const remove = call.options["remove"] === true;
  if (remove && kind === "repo") {
    const message = "Cannot remove from the repo cache what is damaged: its files are yours";
    throw new QikError({ code: "usage", message, hint: "Remove results with: qik :cache rm" });
  }
  const { cacheDir, root } = project.paths;
  const told = progress(sys, "Verifying files:");
  const checked = remote !== undefined
    ? await remote.verify(told.step, remove)
    : kind === "local"
    ? checkStore(sys.files, cacheDir, told.step)
    : checkCommitted(sys.files, root, told.step);
  told.end();
  if (call.json) printJson(sys, checked);
  else print(sys, shown(checked));
  return { code: checked.damaged.length > 0 ? 1 : 0 };
}

function shown({ entries, contents, damaged }: Checked): string {
  const lines = damaged.map(({ file, detail, removed }) =>
    `${removed ? "removed" : "damaged"}  ${oneLine(file)}: ${detail}\n`
  );
  const whole = plural(entries, "result");
  const parts = contents === 0 ? "" : ` and ${plural(contents, "content")}`;
  const are = entries + contents === 1 ? "is" : "are";
  return `${lines.join("")}${whole}${parts} ${are} as written, ${damaged.length} damaged\n`;
}
