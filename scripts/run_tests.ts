/**
 * `deno task test`: all tests, on Deno and on the built executable. Ends with `N passed, N failed`.
 *
 * Names of suites after it run those only: `deno task test unit cli`.
 */
import {
  closeWith,
  denoCliSteps,
  denoTests,
  executableSteps,
  runSteps,
  type Step,
} from "./steps/steps.ts";

const full = Deno.env.get("QIK_TORTURE") === "full";
const suites: Record<string, () => Promise<Step[]>> = {
  unit: () => denoTests("unit", ["tests/unit"]),
  prop: () => denoTests("properties", ["tests/prop"]),
  diff: () => denoTests("against references", ["tests/diff"]),
  docs: () => denoTests("docs", ["tests/docs"]),
  cli: denoCliSteps,
  torture: async () => [
    ...await denoTests("torture", ["tests/torture"]),
    ...await executableSteps("tests/torture"),
    ...full ? await atLength() : [],
  ],
  exe: () => executableSteps("tests/cli"),
};

/** What the gate leaves out because it takes long; on Deno it is `main.ts` itself here, and no bundle of it. */
async function atLength(): Promise<Step[]> {
  return [
    ...await denoTests("properties, at length", ["tests/prop"], { QIK_LONG: "1" }),
    ...await denoTests("cli on Deno, at length", ["tests/cli"]),
    ...await executableSteps("tests/cli"),
  ];
}

const wanted = Deno.args.length === 0 ? Object.keys(suites) : Deno.args;
const steps: Step[] = [];
for (const name of wanted) {
  const suite = suites[name];
  if (suite === undefined) {
    console.error(`Cannot run suite "${name}": there are ${Object.keys(suites).join(", ")}`);
    Deno.exit(2);
  }
  steps.push(...await suite());
}
closeWith(await runSteps(steps));
