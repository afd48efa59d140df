/**
 * Scale and seed of `tests/torture`: small in the gate, large with `QIK_TORTURE=full`. `QIK_SEED` repeats a run; every
 * failure names its seed and step.
 */
import process from "node:process";

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
