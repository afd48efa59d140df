import assert from "node:assert/strict";
import { pydistVersion } from "../../../lib/space/pydist.ts";

const installed = {
  version: (name: string) => new Map([["flask", "3.0"]]).get(name),
  names: () => ["flask"],
};
const lock = new Map([["flask", "2.0"], ["jinja2", "3.1"]]);
const config = {
  ignoreMissing: false,
  versions: [{ name: "Flask", version: "1" }, { name: "Jinja2", version: "1" }, {
    name: "My.App",
    version: "1",
  }],
};

Deno.test("installed comes before locked, and that before the configuration", () => {
  const find = (name: string) => pydistVersion(name, { installed, lock, config });
  assert.deepEqual(find("Flask"), { value: "3.0", problems: [] });
  assert.deepEqual(find("jinja2"), { value: "3.1", problems: [] });
  assert.deepEqual(find("my_app"), { value: "1", problems: [] });
});

Deno.test("a missing distribution is a problem with the nearest names of all sources", () => {
  const { value, problems } = pydistVersion("my-apps", { installed, lock, config });
  assert.equal(value, undefined);
  assert.deepEqual(problems, [{
    code: "pydist-missing",
    message: 'Cannot find the Python distribution "my-apps" in the environment or its lock file',
    hint: 'Did you mean "my-app"?',
  }]);
  const far = pydistVersion("zzzzzz", { config: { ignoreMissing: false, versions: [] } });
  assert.equal(far.problems[0]?.hint, undefined);
});

Deno.test("ignore-missing makes it no problem", () => {
  const ignoring = { ignoreMissing: true, versions: [] };
  assert.deepEqual(pydistVersion("gone", { config: ignoring }), { value: undefined, problems: [] });
});
