import { randomToken } from "./lock_card.ts";

/**
 * The variable that every process of a task carries, so that those which have left its process group can be
 * found: `<pid of qik>-<random>-<count>`, after that of the task that started this qik and a slash, if one did.
 */
export const RUN_TAG = "QIK__RUN";

/** Makes tags that differ between all task executions. */
export function openRunTags(pid: number, inherited?: string): () => string {
  const before = inherited ? `${inherited}/` : "";
  const run = `${before}${pid}-${randomToken()}`;
  let count = 0;
  return () => `${run}-${count++}`;
}

/**
 * What all tags of one run begin with, and no others.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { runOf } from "./run_tag.ts";
 * assert.equal(runOf("17-ab-0/23-cd-4"), "17-ab-0/23-cd-");
 * ```
 */
export function runOf(tag: string): string {
  return tag.slice(0, tag.lastIndexOf("-") + 1);
}

/**
 * Numbers of the qik processes that a tag names, outermost first.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { processesOf } from "./run_tag.ts";
 * assert.deepEqual(processesOf("17-ab-0/23-cd-4"), [17, 23]);
 * assert.deepEqual(processesOf(undefined), []);
 * ```
 */
export function processesOf(tag: string | undefined): readonly number[] {
  return (tag ?? "").split("/").flatMap((part) => {
    const pid = /^(\d+)-/.exec(part)?.[1];
    return pid === undefined ? [] : [Number(pid)];
  });
}
