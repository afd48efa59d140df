import assert from "node:assert/strict";
import { simpleCommand } from "../../../lib/sys/simple_command.ts";
import { pick, random } from "../../support/random.ts";

const SEED = 20261201;

/** What a program prints, which must be there. */
function output(program: string, ...args: readonly string[]): string {
  const { code, stdout, stderr } = new Deno.Command(program, { args: [...args] }).outputSync();
  assert.equal(code, 0, `${program}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

Deno.test("words are those that a shell hands on, and what is more than words is refused", () => {
  const next = random(SEED);
  const pieces = [..."ab.,:/-_@%+=19", " ", "  ", "\t", "-x", "--y=z", "/tmp", "..", "%1"];
  const special = [..."'\"\\$`|&;<>(){}[]*?~#!^\n\r\v\f", "é", "\u00a0"];
  const texts = Array.from({ length: 400 }, (_, at) => {
    const length = 1 + next(12);
    const drawn = Array.from({ length }, () => pick(pieces, next));
    if (at % 4 === 0) drawn[next(length)] = pick(special, next);
    return drawn.join("");
  });
  const taken = texts.filter((text) => simpleCommand(`show ${text}`) !== undefined);
  // One shell for all of them.
  const script = taken.map((text) => `show ${text}\necho`).join("\n");
  const printed = output("sh", "-c", `show() { for word; do echo "[$word]"; done; }\n${script}\n`);
  const wanted = taken.map((text) => {
    const [, ...words] = simpleCommand(`show ${text}`)!;
    return words.map((word) => `[${word}]\n`).join("") + "\n";
  });
  assert.equal(printed, wanted.join(""), `seed ${SEED}`);
  for (const text of texts) {
    if (!special.some((sign) => text.includes(sign))) continue;
    assert.equal(simpleCommand(`show ${text}`), undefined, JSON.stringify(text));
  }
  assert.ok(taken.length > 250);
});

Deno.test("what a shell does itself is refused", () => {
  const words = output("bash", "-c", "compgen -b; compgen -k").trim().split("\n");
  assert.ok(words.includes("echo") && words.includes("if") && words.includes("cd"));
  assert.deepEqual(words.filter((word) => simpleCommand(`${word} x`) !== undefined), []);
  // Of the shell that is `sh` here: what it calls neither a file nor unknown.
  for (const word of ["printf", "test", "[", "type", "wait", "umask", "."]) {
    assert.equal(simpleCommand(word), undefined, word);
  }
});

Deno.test("blanks around, none at all, and assignments", () => {
  assert.deepEqual(simpleCommand(" \tmake  -C\tsub "), ["make", "-C", "sub"]);
  for (const text of ["", " ", "A=1", "A=1 make", "a=b", "make;", "make\n", "make\nx"]) {
    assert.equal(simpleCommand(text), undefined, JSON.stringify(text));
  }
});
