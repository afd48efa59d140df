/** `deno task ok`: the one gate. Everything that must hold before a commit, ending with `N passed, N failed`. */
import {
  closeWith,
  denoCheck,
  denoCliSteps,
  denoTests,
  executableSteps,
  runSteps,
} from "./steps/steps.ts";

closeWith(
  await runSteps([
    denoCheck("format", "fmt", "--check"),
    denoCheck("lint", "lint"),
    denoCheck("types", "check", "--frozen"),
    denoCheck("layers", "run", "-A", "--frozen", "scripts/check_layers.ts"),
    denoCheck("docs", "run", "-A", "--frozen", "scripts/check_docs.ts"),
    ...await denoTests("unit", ["tests/unit", "tests/prop", "tests/diff"]),
    ...await denoTests("docs by example", ["tests/docs"]),
    ...await denoCliSteps(),
    ...await executableSteps("tests/cli"),
    denoCheck("publish", "publish", "--dry-run", "--allow-dirty"),
  ]),
);
