/** Keys that only conda has. Loaded only when a configuration is read anew. */
import * as z from "zod/mini";
import { TOOLS } from "./venv.ts";

export const settingsSchema = z.strictObject({
  tool: z.optional(z.enum(TOOLS)),
  platforms: z.optional(z.union([z.string(), z.array(z.string()).check(z.minLength(1))])),
});
