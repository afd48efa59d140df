/**
 * Scale and seed of `tests/torture`: small in the gate, large with `QIK_TORTURE=full`. `QIK_SEED` repeats a run; every
 * failure names its seed and step.
 */
import process from "node:process";
import { openSys } from "../../lib/sys/open.ts";

export const FULL = process.env["QIK_TORTURE"] === "full";
export const SEED = Number(process.env["QIK_SEED"] ?? "1");

/** How often something is done. */
export function times(small: number, large: number): number {
  return FULL ? large : small;
}

/** One line of figures, for `docs/reliability.md`. */
export function tell(figures: string): void {
  console.log(`torture: ${figures} (seed ${SEED})`);
}

/** Lets `ms` pass. Only for what is to happen at a random moment: nothing may depend on the time that it takes. */
export function randomMoment(ms: number): Promise<void> {
  return new Promise((done) => void openSys().clock.after(ms, done));
}
