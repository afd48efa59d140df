import type { VenvAt } from "../../mod.ts";

/** Programs that speak conda's command line, in the order in which they are looked for. */
export const TOOLS = ["micromamba", "mamba", "conda"] as const;

/** Keys of a `venv` that only conda has. */
export interface CondaSettings {
  /** Which of the programs; unset: the first one that is there. */
  readonly tool?: (typeof TOOLS)[number] | undefined;
  /** Platforms that the lock is for, such as `linux-64`; unset: that of the machine which locks. */
  readonly platforms?: string | readonly string[] | undefined;
}

export type At = VenvAt<CondaSettings>;

/** The platform of this machine in conda's words. */
export function platformHere({ project, space }: Pick<At, "project" | "space">): string {
  return project.fill("{ctx.qik.arch}", space)!;
}

/** The platforms that the lock is for. */
export function platformsOf(at: At): readonly string[] {
  const { platforms = platformHere(at) } = at.settings;
  return [platforms].flat();
}
