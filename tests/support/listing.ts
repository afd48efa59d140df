/** For tests of what one run remembers of names for the next. */
import assert from "node:assert/strict";
import type { Sys } from "../../lib/sys/sys.ts";
import { later } from "./changes.ts";
import { gitStates, type Ground, look } from "./work_tree.ts";

/** Files with rules, and one directory whose own rules ignore all that is in it. */
export const PLAIN = {
  ".gitignore": "*.log\nout/\n",
  "a/b/c.ts": "1",
  "a/d.ts": "1",
  "own/.gitignore": "*\n",
  "own/file": "1",
};

/** An hour later by the clock, so that what was made a moment ago is old enough to be believed. */
export function hourLater(ground: Ground): Sys {
  const sys = later(ground);
  const capture: Sys["processes"]["capture"] = (request) =>
    sys.processes.capture({ ...request, env: { ...ground.variables, ...request.env } });
  const processes = { ...sys.processes, capture };
  return { ...sys, processes, clock: { ...sys.clock, now: () => sys.clock.now() + 3_600_000 } };
}

/** Which questions git was asked, up to the one for its whole list. */
export async function seen(ground: Ground, sys = hourLater(ground)): Promise<readonly string[]> {
  const started = ground.started.length;
  const tree = await ground.tree({ sys });
  assert.deepEqual(await look(tree), gitStates(ground));
  await tree.save();
  const asked = ground.started.slice(started).map((argv) => argv[5]!);
  const list = asked.indexOf("ls-files");
  return list === -1 ? asked : asked.slice(0, list + 1);
}
