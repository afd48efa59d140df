/**
 * The program of the Python that a `venv` asks for: a plain version means what is called after it, everything else is a
 * program already.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { pythonProgram } from "./python.ts";
 * assert.equal(pythonProgram("3.12"), "python3.12");
 * assert.equal(pythonProgram("/opt/python/bin/python"), "/opt/python/bin/python");
 * assert.equal(pythonProgram(undefined), "python3");
 * ```
 */
export function pythonProgram(python = "python3"): string {
  return /^\d+(\.\d+)?$/.test(python) ? `python${python}` : python;
}
