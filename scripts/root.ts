import { fileURLToPath } from "node:url";

/** The checkout that holds this file, without a slash at its end. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/[/\\]$/, "");
