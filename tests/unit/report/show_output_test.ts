import assert from "node:assert/strict";
import { chooseMode, showOutput, showStatus } from "../../../lib/report/show_output.ts";

const MODES = ["streaming", "plain", "live"] as const;
const VERBOSITIES = [0, 1, 2] as const;
const ENDINGS = ["hit", "ran", "failed", "skipped", "cancelled"] as const;

Deno.test("over all inputs: failures are never lost, successes never noise", () => {
  for (const mode of MODES) {
    for (const verbosity of VERBOSITIES) {
      for (const ending of ENDINGS) {
        const shown = showOutput(mode, verbosity, ending);
        const label = `${mode} ${verbosity} ${ending}: ${shown}`;
        const streams = mode === "streaming" && verbosity > 0;
        assert.equal(shown === "stream", streams, label);
        if (ending === "failed" && !streams) assert.equal(shown, "last", label);
        if (ending !== "failed") assert.notEqual(shown, "last", label);
        if (verbosity === 0 && ending !== "failed") assert.equal(shown, "never", label);
        const has = ending === "hit" || ending === "ran" || ending === "cancelled";
        if (verbosity === 2 && has && !streams) assert.equal(shown, "now", label);
        if (verbosity === 1 && ending !== "failed" && !streams) assert.equal(shown, "never", label);
      }
    }
  }
});

Deno.test("over all inputs: a task has a line unless the run is quiet or the live view counts it", () => {
  for (const ending of ENDINGS) {
    for (const flaky of [false, true]) {
      assert.equal(showStatus("plain", 0, ending, flaky), false);
      assert.equal(showStatus("live", 0, ending, flaky), false);
      assert.equal(showStatus("plain", 1, ending, flaky), true);
      assert.equal(showStatus("plain", 2, ending, flaky), true);
      assert.equal(showStatus("live", 2, ending, flaky), true);
      assert.equal(showStatus("live", 1, ending, flaky), ending === "failed" || flaky);
    }
  }
});

Deno.test("the mode follows from the number of tasks, the workers and the terminal", () => {
  for (const tasks of [0, 1, 2, 100]) {
    for (const workers of [1, 2]) {
      for (const verbosity of VERBOSITIES) {
        for (const outIsTerminal of [true, false]) {
          for (const env of [{}, { TERM: "dumb" }, { CI: "1" }]) {
            const mode = chooseMode({ tasks, workers, verbosity, outIsTerminal, env });
            const label = JSON.stringify({ tasks, workers, verbosity, outIsTerminal, env, mode });
            const alone = tasks === 1 || workers === 1;
            assert.equal(mode === "streaming", alone && verbosity > 0, label);
            const free = Object.keys(env).length === 0;
            const live = !alone && verbosity > 0 && outIsTerminal && free;
            assert.equal(mode === "live", live, label);
          }
        }
      }
    }
  }
});
