import type { Plan } from "./types.ts";

/**
 * Tasks and all that need one of them strictly, directly or through others.
 *
 * @returns For each of them, ascending, the tasks that it needs strictly and that are among them.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { withStrictDependants } from "./strict.ts";
 * const strict = (task: number) => ({ task, strict: true, orderOnly: false });
 * const plan = { tasks: [{ needs: [] }, { needs: [strict(0)] }, { needs: [strict(1)] }] };
 * assert.deepEqual([...withStrictDependants(plan, [1])], [[1, []], [2, [1]]]);
 * ```
 */
export function withStrictDependants(
  plan: { readonly tasks: readonly Pick<Plan["tasks"][number], "needs">[] },
  tasks: Iterable<number>,
): ReadonlyMap<number, readonly number[]> {
  const dependants = new Map<number, number[]>();
  plan.tasks.forEach(({ needs }, index) => {
    for (const { task, strict } of needs) {
      if (!strict) continue;
      const known = dependants.get(task);
      if (known === undefined) dependants.set(task, [index]);
      else known.push(index);
    }
  });
  const reached = new Set(tasks);
  for (const at of reached) for (const next of dependants.get(at) ?? []) reached.add(next);
  return new Map(
    [...reached].sort((a, b) => a - b).map((index) => {
      const { needs } = plan.tasks[index]!;
      const strict = needs.filter((need) => need.strict && reached.has(need.task));
      return [index, strict.map((need) => need.task)];
    }),
  );
}
