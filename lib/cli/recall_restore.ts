import type { Artifact, RestorePlace } from "../cache/cache.ts";
import { openLocalCache, type Prepared } from "../cache/local.ts";
import { newRoom } from "../cache/restore.ts";
import { areOnlyMissing, renewLost } from "../proof/lost.ts";
import type { Proof } from "../proof/proof.ts";
import type { Verified } from "../proof/verify.ts";
import type { Sys } from "../sys/sys.ts";
import { workPaths } from "./paths.ts";

/** Asked what a proof does not know: the normal way has to answer. */
class Doubt extends Error {}

/**
 * Puts artifacts back that alone keep a proof from holding: with the code and all the checks of every other restore, but
 * without plan, keys and git, which took four fifths of the time.
 *
 * Nothing is written before everything that is to be written was planned and verified, and nothing at all where a file
 * would be displaced or removed: what stands in the way is for the normal way to judge. So is whatever goes wrong here,
 * because nothing was told yet.
 *
 * @returns Whether everything is in place again. Then the proof has the rows of now.
 */
export async function restoreLost(
  sys: Pick<Sys, "files" | "clock" | "env" | "machine">,
  proof: Proof,
  lost: Verified,
): Promise<boolean> {
  const { files, clock } = sys;
  const { root, cacheDir, restorable } = proof.text;
  const lostPlaces = new Set(lost.lostPlaces);
  const wanted = restorable.filter(({ rows }) => rows.some((row) => lostPlaces.has(row)));
  const { stateDir } = workPaths(root, sys);
  const cache = openLocalCache({ files, clock, dir: cacheDir, stateDir });
  const room = newRoom();
  const prepared: Prepared[] = [];
  for (const one of wanted) {
    const place = (artifacts: readonly Artifact[]) => placeOf(root, one.patterns, artifacts);
    const ready = await cache.prepare(one.key, place, room);
    if (ready === undefined) return false;
    prepared.push(ready);
  }
  const artifacts = prepared.flatMap((ready) => ready.artifacts);
  if (!areOnlyMissing(files, proof, lost.lostDirectories, artifacts)) return false;
  try {
    for (const ready of prepared) ready.carryOut();
  } catch {
    return false;
  }
  cache.save();
  return renewLost(files, proof, lost, artifacts);
}

/** Of its artifacts the proof knows that git does not track them. */
function placeOf(
  root: string,
  patterns: readonly string[],
  artifacts: readonly Artifact[],
): RestorePlace {
  const known = new Set(artifacts.map(({ path }) => path));
  return {
    root,
    patterns,
    isTracked(path) {
      if (!known.has(path)) throw new Doubt();
      return false;
    },
    isListed() {
      throw new Doubt();
    },
  };
}
