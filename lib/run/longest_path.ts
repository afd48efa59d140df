/** For each task those that need it, in ascending order; a need that is named twice appears twice. */
export function reversed(needs: readonly (readonly number[])[]): number[][] {
  const dependants: number[][] = needs.map(() => []);
  needs.forEach((list, task) => {
    for (const need of list) dependants[need]!.push(task);
  });
  return dependants;
}

/**
 * For each task the time from its start to the end of the longest chain of tasks that waits for it.
 *
 * @param expectedMs A task without takes the median of the others, 1 where there are none.
 * @throws {Error} Where the needs hold a cycle.
 */
export function remainingPaths(
  needs: readonly (readonly number[])[],
  dependants: readonly (readonly number[])[],
  expectedMs: readonly (number | undefined)[],
): number[] {
  const unknown = median(expectedMs.filter((ms) => ms !== undefined)) ?? 1;
  const paths = needs.map((_, task) => expectedMs[task] ?? unknown);
  const behind = needs.map(() => 0);
  const open = dependants.map((list) => list.length);
  // Last tasks first: a task is final when all that wait for it are.
  const final: number[] = [];
  open.forEach((count, task) => count === 0 && final.push(task));
  for (const task of final) {
    paths[task]! += behind[task]!;
    for (const need of needs[task]!) {
      behind[need] = Math.max(behind[need]!, paths[task]!);
      open[need]! -= 1;
      if (open[need] === 0) final.push(need);
    }
  }
  if (final.length < needs.length) throw new Error("Cannot schedule tasks that need each other");
  return paths;
}

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
