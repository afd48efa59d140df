import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { type Code, PROBLEMS, QikError } from "../../../lib/base/problems.ts";

const page = await readFile(new URL("../../../docs/errors.md", import.meta.url), "utf8");
/** Heading to the text below it, in the order of the page. */
const sections = new Map(
  page.split(/^## /m).slice(1).map((part) => {
    const [heading, ...lines] = part.split("\n");
    return [heading!, lines.join("\n")] as const;
  }),
);

Deno.test("every code has a heading in docs/errors.md, and every heading a code", () => {
  assert.deepEqual([...sections.keys()].toSorted(), Object.keys(PROBLEMS).toSorted());
  const headings = page.match(/^## .*$/gm) ?? [];
  assert.equal(headings.length, sections.size, "a code is explained twice");
});

Deno.test("every section says what happened, shows an example and tells the mend", () => {
  for (const [code, text] of sections) {
    assert.match(text, /^\n[A-Z]/, `${code} starts with a sentence`);
    assert.match(text, /\n```text\n[^\n]+\n(?:[^\n]+\n)*```\n/, `${code} has an example`);
    assert.match(text, /\n\*\*Mend:\*\* \w/, `${code} has a mend`);
  }
});

Deno.test("a section says that it is a warning exactly where the exit code is 0", () => {
  for (const [code, { exit }] of Object.entries(PROBLEMS)) {
    const warns = sections.get(code)?.includes("\nWarning. ");
    assert.equal(warns, exit === 0, code);
  }
});

Deno.test("examples follow the rules for messages", () => {
  for (const [code, text] of sections) {
    // These two end a run and are no lines of the list of problems.
    if (code === "bug" || code === "interrupted") continue;
    const kind = PROBLEMS[code as Code].exit === 0 ? "Warning" : "Error";
    const first = /```text\n([^\n]+)\n/.exec(text)![1]!;
    const ends = ` [${code}]`;
    assert.ok(first.startsWith(`${kind}: `) && first.endsWith(ends), `${code}: ${first}`);
    const message = first.slice(kind.length + 2, -ends.length);
    assert.match(message, /^[A-Z].*[^.]$/, `${code}: capital first letter, no final period`);
  }
});

Deno.test("codes are words, hints start with a capital and end without a period", () => {
  for (const [code, { exit, hint }] of Object.entries(PROBLEMS)) {
    assert.match(code, /^[a-z]+(-[a-z]+)*$/);
    assert.match(hint, /^[A-Z].*[^.]$/, code);
    assert.ok([0, 1, 2, 70, 126, 127, 130].includes(exit), `${code} exits with ${exit}`);
  }
});

Deno.test("an error exits with the highest code of its problems, and never with 0", () => {
  const exitOf = (...codes: Code[]) =>
    new QikError(codes.map((code) => ({ code, message: "Cannot go on" }))).exit;
  assert.equal(exitOf("config-syntax"), 2);
  assert.equal(exitOf("config-syntax", "bug", "usage"), 70);
  assert.equal(exitOf("glob-empty"), 1);
  assert.equal(exitOf(), 1);
});

Deno.test("an error's message holds all of its problems, and it keeps its cause", () => {
  const cause = new Error("why");
  const error = new QikError([
    { code: "usage", message: "Cannot a" },
    { code: "usage", message: "Cannot b" },
  ], { cause });
  assert.equal(error.message, "Cannot a\nCannot b");
  assert.equal(error.cause, cause);
  assert.equal(error.name, "QikError");
});
