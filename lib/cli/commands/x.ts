import type { MetaCall } from "../meta_spec.ts";
import type { AppParts, Exit } from "../parts.ts";
import { runTool } from "../tool.ts";

/** `qik OPTIONS :x TOOL…`; without options of qik's own `app.ts` hands the words on before any parser sees them. */
export function run(
  parts: AppParts,
  { words, invocation: { directory } }: MetaCall,
): Promise<Exit> {
  return runTool(parts, [...(directory === undefined ? [] : ["-C", directory]), ...words]);
}
