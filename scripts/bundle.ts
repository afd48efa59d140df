/** `deno run -A scripts/bundle.ts`: qik as a few files for Deno, `dist/deno/main.js`, which `tests/cli` runs. */
import { BUNDLE, bundle } from "./build/bundle.ts";

try {
  await bundle();
  console.log(`${BUNDLE}/main.js`);
} catch (error) {
  console.error((error as Error).message);
  Deno.exitCode = 1;
}
