import assert from "node:assert/strict";
import config from "../../../deno.json" with { type: "json" };
import { VERSION } from "../../../lib/base/version.ts";

Deno.test("the version that qik tells is the project's", () => {
  assert.equal(VERSION, config.version);
});
