import type { CtxValues } from "../config/ctx.ts";
import { fillTemplate, mentionsModule } from "../config/templates.ts";
import type { SpaceConfig } from "../config/types.ts";
import { type Place, type Problem, QikError } from "../base/problems.ts";
import type { Filler } from "../plan/fill.ts";

/** Fills templates from the context of this run. */
export interface RunFiller extends Filler {
  /**
   * Fills text that belongs to a space and to no task.
   *
   * @throws {QikError} For what cannot be filled.
   */
  fillSpace(text: string, space: SpaceConfig, at?: Place): string | undefined;
}

export function fillerOf(ctx: CtxValues): RunFiller {
  return {
    fill: (text, { place: { space, module }, args, at }, problems) =>
      fillTemplate(text, {
        ctx,
        space,
        ...(module === undefined ? {} : { module }),
        args,
        place: at,
      }, problems),
    mentionsModule,
    fillSpace(text, space, place = space.place) {
      const problems: Problem[] = [];
      const filled = fillTemplate(text, { ctx, space, place }, problems);
      if (problems.length > 0) throw new QikError(problems);
      return filled;
    },
  };
}
