import assert from "node:assert/strict";
import { ARTIFACTS } from "./cache/artifacts.ts";
import type { CacheKit } from "./cache/cases.ts";
import { CONFLICTS } from "./cache/conflicts.ts";
import { DAMAGE } from "./cache/damage.ts";
import { FAULTS } from "./cache/faults.ts";
import { LOOKUPS } from "./cache/lookups.ts";
import { REFUSALS } from "./cache/refusals.ts";
import { CacheRoom } from "./cache_room.ts";

export type { CacheKit };

/** Registers the whole suite as tests of one cache. */
export function cacheContract(kit: CacheKit): void {
  const cases = [...LOOKUPS, ...ARTIFACTS, ...REFUSALS, ...CONFLICTS, ...DAMAGE, ...FAULTS];
  const names = new Set(cases.map(({ name }) => name));
  for (const name of Object.keys(kit.skips)) assert.ok(names.has(name), `No such test: ${name}`);
  for (const { name, run } of cases) {
    const reason = kit.skips[name];
    const title = `${kit.name} cache: ${name}` +
      (reason === undefined ? "" : ` (skipped: ${reason})`);
    Deno.test({
      name: title,
      ignore: reason !== undefined,
      async fn() {
        using room = new CacheRoom();
        await run(room, kit);
      },
    });
  }
}
