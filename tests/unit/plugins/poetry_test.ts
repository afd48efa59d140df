import assert from "node:assert/strict";
import { localProjects } from "../../../plugins/poetry/project.ts";
import { syncWords } from "../../../plugins/poetry/steps.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("the projects that a project takes from directories are found at any depth", () => {
  const text = `[project]
dependencies = ["base @ ./../base", "far @ https://example.org/far.whl", "flask>=3"]
[tool.poetry.dependencies]
lib = {path = "../lib/", develop = true}
wheel = {path = "dist/wheel-1.0-py3-none-any.whl"}
[tool.poetry.group.dev.dependencies]
many = [{path = "tools/many", markers = "x"}, {path = "../../../outside"}]
absolute = {path = "/opt/lib"}
here = {path = "."}
`;
  assert.deepEqual(localProjects("app/", bytes(text)), [
    "app/pyproject.toml",
    "app/tools/many/pyproject.toml",
    "base/pyproject.toml",
    "lib/pyproject.toml",
  ]);
  assert.deepEqual(localProjects("", bytes('a = {path = "."}\n')), ["pyproject.toml"]);
  assert.deepEqual(localProjects("", bytes("not = [toml")), []);
  assert.deepEqual(localProjects("", undefined), []);
});

Deno.test("settings become options of poetry sync", () => {
  assert.deepEqual(syncWords({}), ["--no-root"]);
  const settings = { with: ["a", "b"], without: "c", extras: "d", "install-project": true };
  assert.deepEqual(syncWords(settings), ["--with=a", "--with=b", "--without=c", "--extras=d"]);
  assert.deepEqual(syncWords({ only: "main" }), ["--no-root", "--only=main"]);
});
