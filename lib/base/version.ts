/** qik's version, the same as in `deno.json` (held by version_test). */
export const VERSION = "0.1.0";
