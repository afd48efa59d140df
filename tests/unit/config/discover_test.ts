import assert from "node:assert/strict";
import { discover } from "../../../lib/config/discover.ts";
import type { Files } from "../../../lib/sys/sys.ts";
import { Folder } from "./rig.ts";

const TOOL = '[tool.qik.commands]\na = "x"\n';

/** The answer relative to the folder; files above it are hidden, so that the machine's own do not count. */
async function found(files: Readonly<Record<string, string>>, start: string): Promise<string> {
  using folder = new Folder({ "s/u/b/": "", ...files });
  const stat: Files["stat"] = (path) =>
    path.startsWith(folder.path + "/") ? folder.files.stat(path) : undefined;
  const at = start === "" ? folder.path : `${folder.path}/${start}`;
  const answer = await discover({ ...folder.files, stat }, at);
  if (!answer.found) return answer.problem.message.replaceAll(folder.path, "<root>");
  return `${answer.root.slice(folder.path.length)} ${answer.file}`;
}

Deno.test("discover: with git the topmost file wins, not above git", async () => {
  const files = { "qik.toml": "", "s/qik.toml": "", "s/u/qik.toml": "" };
  assert.equal(await found({ ...files, ".git/": "" }, "s/u/b"), " qik.toml");
  assert.equal(await found({ ...files, "s/.git/": "" }, "s/u/b"), "/s qik.toml");
  assert.equal(await found({ ...files, "s/.git": "gitdir: elsewhere" }, "s/u/b"), "/s qik.toml");
});

Deno.test("discover: without git the nearest file wins", async () => {
  assert.equal(await found({ "qik.toml": "", "s/qik.toml": "" }, "s/u/b"), "/s qik.toml");
});

Deno.test("discover: pyproject.toml counts with its table and without qik.toml beside it", async () => {
  const git = { ".git/": "" };
  assert.equal(await found({ ...git, "pyproject.toml": TOOL }, "s"), " pyproject.toml");
  assert.equal(await found({ ...git, "pyproject.toml": TOOL, "qik.toml": "" }, "s"), " qik.toml");
  const others = { ...git, "s/qik.toml": "" };
  for (
    const text of [
      "[tool.ruff]\n",
      '[project]\ndependencies = ["qik"]\n',
      "[tool.qik",
      "# [tool]\nqik = 1",
    ]
  ) {
    assert.equal(await found({ ...others, "pyproject.toml": text }, "s/u"), "/s qik.toml", text);
  }
  for (
    const text of ["[tool]\nqik.base = {}\n", "tool = { qik = {} }\n", "[ 'tool' . \"qik\" ]\n"]
  ) {
    assert.equal(
      await found({ ...others, "pyproject.toml": text }, "s/u"),
      " pyproject.toml",
      text,
    );
  }
});

Deno.test("discover: a directory named qik.toml is no file", async () => {
  assert.equal(
    await found({ ".git/": "", "s/qik.toml/x": "", "s/u/qik.toml": "" }, "s/u"),
    "/s/u qik.toml",
  );
});

Deno.test("discover: where there is no other, what cannot be read is told", async () => {
  assert.equal(
    await found({ ".git/": "", "s/qik.toml/x": "" }, "s/u"),
    'Cannot read "<root>/s/qik.toml": it is not a file',
  );
});

Deno.test("discover: nothing found says where it looked", async () => {
  const none = "Cannot find qik.toml, or pyproject.toml with [tool.qik]: looked";
  assert.equal(
    await found({ ".git/": "" }, "s/u"),
    `${none} from "<root>/s/u" up to "<root>", the root of the git repository`,
  );
  assert.equal(
    await found({ ".git/": "" }, ""),
    `${none} in "<root>", the root of the git repository`,
  );
  assert.equal(await found({}, "s"), `${none} from "<root>/s" up to "/"`);
});
