import assert from "node:assert/strict";
import { changedArchives, localFiles } from "../../../plugins/poetry/project.ts";
import { syncWords } from "../../../plugins/poetry/steps.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("the projects and archives that a project takes are found at any depth", () => {
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
  assert.deepEqual(localFiles("app/", bytes(text)), [
    "app/dist/wheel-1.0-py3-none-any.whl",
    "app/pyproject.toml",
    "app/tools/many/pyproject.toml",
    "base/pyproject.toml",
    "lib/pyproject.toml",
  ]);
  assert.deepEqual(localFiles("", bytes('a = {path = "."}\n')), ["pyproject.toml"]);
  assert.deepEqual(localFiles("", bytes("not = [toml")), []);
  assert.deepEqual(localFiles("", undefined), []);
});

Deno.test("an archive that is not what the lock says is locked anew", () => {
  const of = (name: string, type: string, url: string, hash: string) =>
    `[[package]]\nname = "${name}"\nfiles = [{file = "x.whl", hash = "sha256:${hash}"}]\n` +
    `[package.source]\ntype = "${type}"\nurl = "${url}"\n`;
  const lock = of("same", "file", "../a.whl", "00") + of("other", "file", "../b.whl", "00") +
    of("gone", "file", "../c.whl", "00") + of("index", "legacy", "../b.whl", "00") +
    '[[package]]\nname = "usual"\nfiles = []\n';
  const digests = new Map([["../a.whl", "00"], ["../b.whl", "11"]]);
  assert.deepEqual(changedArchives(bytes(lock), (path) => digests.get(path)), ["other"]);
  for (const text of ["", "package = 1", "not = [toml"]) {
    assert.deepEqual(changedArchives(bytes(text), () => "00"), []);
  }
});

Deno.test("settings become options of poetry sync", () => {
  assert.deepEqual(syncWords({}), ["--no-root"]);
  const settings = { with: ["a", "b"], without: "c", extras: "d", "install-project": true };
  assert.deepEqual(syncWords(settings), ["--with=a", "--with=b", "--without=c", "--extras=d"]);
  assert.deepEqual(syncWords({ only: "main" }), ["--no-root", "--only=main"]);
});
