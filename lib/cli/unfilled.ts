import { QikError } from "../base/problems.ts";
import type { Sys } from "../sys/sys.ts";
import { withLines } from "./lines.ts";
import type { Project } from "./project.ts";

/** A variable without a value is told when something that uses it takes part, all of them at once. */
export async function checkFilled(
  sys: Sys,
  { plan, selection, paths }: Project,
): Promise<void> {
  const problems = selection.selected.flatMap((index) => plan.tasks[index]!.unfilled ?? []);
  const told = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  if (told.size > 0) throw await withLines(new QikError([...told.values()]), sys, paths.root);
}
