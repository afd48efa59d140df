import assert from "node:assert/strict";
import { isYes, parseGitConfig } from "../../lib/git/git_config.ts";
import { pick, random } from "../support/random.ts";
import { Ground } from "../support/work_tree.ts";

/** What git reads from the same text; `undefined` where it refuses it. */
function gitReads(ground: Ground, text: string): Map<string, string[]> | undefined {
  ground.write("config", text);
  let listed: string;
  try {
    listed = ground.git("config", "--no-includes", "-z", "--list", "-f", "config");
  } catch {
    return undefined;
  }
  const values = new Map<string, string[]>();
  for (const line of listed.split("\0").slice(0, -1)) {
    const end = line.indexOf("\n");
    const name = end === -1 ? line : line.slice(0, end);
    values.set(name, [...values.get(name) ?? [], end === -1 ? "true" : line.slice(end + 1)]);
  }
  return values;
}

const TEXTS = [
  "[core]\n\tbare = false\n\tautocrlf = input ; why\n",
  '[a "B.c \\" d"]\nName = x\n[A]name=y\nName\n',
  '[a]b = " quoted # ; " tail  # gone\n  c =  two  words  \n',
  "[a]\nb = c:\\\\temp\n",
  "[extensions]\nobjectFormat = sha256\n[core]repositoryformatversion=1\n",
  "# only a comment\n\n; and another\n",
  "[a]\r\nb = c\r\n",
  "[a.b]\nc = 1\n[a]\nb = \n",
];

Deno.test("what is read from a configuration file is what git reads", () => {
  using ground = Ground.create();
  for (const text of TEXTS) {
    const read = parseGitConfig(text);
    assert.deepEqual(read && new Map(read), gitReads(ground, text), JSON.stringify(text));
  }
});

Deno.test("text that was put together at random is read as by git, or left to git", () => {
  using ground = Ground.create();
  const next = random(5);
  const pieces = [
    "[a]",
    '[a "b"]',
    "\n",
    "x",
    "=",
    " ",
    '"',
    "\\",
    "\\n",
    "#",
    ";",
    "y-1",
    "\t",
    "\\\n",
    "1",
    "[",
    "]",
  ];
  let compared = 0;
  for (let round = 0; round < 400; round++) {
    let text = "[a]\n";
    for (let count = next(14); count > 0; count--) text += pick(pieces, next);
    const read = parseGitConfig(text);
    if (read === undefined) continue;
    compared += 1;
    assert.deepEqual(new Map(read), gitReads(ground, text), JSON.stringify(text));
  }
  assert.ok(compared > 40, `${compared} texts were compared`);
});

Deno.test("yes and no as git says them", () => {
  for (const text of ["true", "yes", "on", "1", "TRUE", "input"]) assert.equal(isYes(text), true);
  for (const text of ["false", "No", "off", "0", ""]) assert.equal(isYes(text), false);
  assert.equal(isYes(undefined), false);
});
