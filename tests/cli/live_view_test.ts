/** The live view as a person sees it: the real program in a pseudo-terminal, its bytes shown by a real emulator. */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { Gate } from "../support/gate.ts";
import { Goldens } from "../support/golden.ts";
import { inTerminal, type Step, type TerminalRun } from "../support/pseudo_terminal.ts";
import { NO_PYTHON, pythonRepoTest } from "../support/python.ts";
import type { Repo } from "../support/repo.ts";
import { replayed, type Seen } from "../support/terminal_emulator.ts";

const goldens = new Goldens(new URL("../golden/terminal/", import.meta.url));

/** What each command prints before it waits: short, wide characters, longer than any window, colours and a bell. */
const NOTES: Readonly<Record<string, string>> = {
  build: "compiling 3 of 40",
  lint: "検査中 日本語のファイル名 試験は成功しました 🚀🚀 ｆｕｌｌ ｗｉｄｔｈ 検査中 終わり",
  "test-with-a-rather-long-name": `${"word ".repeat(60)}end`,
  typecheck: "\\033[1;31mred\\033[0m \\007é e\\314\\201 👩‍🚀 flag 🇯🇵 done",
};
const NAMES = Object.keys(NOTES);

async function gatesOf(repo: Repo): Promise<void> {
  await mkdir(repo.path("gates"));
  const commands = NAMES.map((name) => {
    const { exec } = new Gate(repo.path("gates"), name);
    return `${name} = '''printf "${NOTES[name]!.replaceAll("\\", "\\\\")}\\n"; ${exec}'''\n`;
  });
  await repo.write({ "qik.toml": `[commands]\n${commands.join("")}` });
}

/** Lets all commands end, one after the other, with these codes. */
function passing(codes: readonly number[]): string {
  return NAMES.map((name, at) =>
    `cat gates/${name}.up > /dev/null; echo ${codes[at] ?? 0} > gates/${name}.go`
  ).join("; ");
}

/** A moment at which all lines have been drawn again with what the commands said, and with them the sum. */
function whole(rows: number): Step[] {
  const lines = rows < 6 ? ["more running"] : ["compiling", "検査", "word", "red"];
  return [...lines, "0/4 tasks", "\x1b[?2026l"].map((when) => ({ when }));
}

interface Size {
  readonly columns: number;
  readonly rows: number;
}

interface Looked {
  readonly ran: TerminalRun;
  /** What stood there at the end of each size. */
  readonly views: readonly Seen[];
  readonly end: string;
}

/** Runs in a window that gets one size after the other, and looks at each when the view is whole. */
async function look(repo: Repo, sizes: readonly Size[], codes: readonly number[]): Promise<Looked> {
  await gatesOf(repo);
  const steps: Step[] = [];
  const lasts: number[] = [];
  for (const [at, { rows }] of sizes.entries()) {
    const next = sizes[at + 1];
    // A drawing may have been under way while the size changed: the one after it counts.
    const moment = at === 0 ? whole(rows) : [...whole(rows), ...whole(rows)];
    const last = moment.pop()!;
    const then = next === undefined
      ? { run: passing(codes) }
      : { resize: [next.columns, next.rows] as const };
    lasts.push(steps.push(...moment, { ...last, ...then }) - 1);
  }
  const ran = await inTerminal(repo, ["-n", "4"], { steps, ...sizes[0] });
  const moments = lasts.map((step) => ran.marks[step]!);
  const views: Seen[] = [];
  let drawn = false;
  const given = sizes.map((size, at) => ({ ...size, at: at === 0 ? 0 : moments[at - 1]! }));
  const end = await replayed(ran, given, (shown, seen) => {
    if (moments.includes(shown)) views.push(seen());
    const { text } = seen();
    // From the first drawing to the last moment that was looked at, nobody ever sees less than the whole view.
    if (drawn && shown <= moments.at(-1)!) assert.match(text, /\d\/4 tasks/, "it flickers");
    drawn ||= /\d\/4 tasks/.test(text);
  });
  return { ran, views, end };
}

/** Times differ from run to run; so does the directory. The column of times keeps its width. */
function steady(text: string): string {
  return text.replaceAll(/ *\d+\.\ds/g, " <time>").replaceAll(
    / *\b\d+(\.\d+)?(ms|s|m \d+s)\b/g,
    " <time>",
  );
}

const FORMS: readonly (Size & { readonly name: string })[] = [
  { name: "40-columns", columns: 40, rows: 12 },
  { name: "80-columns", columns: 80, rows: 24 },
  { name: "200-columns", columns: 200, rows: 50 },
  { name: "3-rows", columns: 60, rows: 3 },
];

for (const { name, ...size } of FORMS) {
  pythonRepoTest(`the live view in a real terminal: ${name}`, {}, async (repo) => {
    const { ran, views, end } = await look(repo, [size], []);
    assert.deepEqual([ran.code, ran.restored], [0, true], ran.output);
    assert.equal(views.length, 1);
    // Where terminal and library disagree about an emoji made of several, the row is cut and not continued.
    assert(views[0]!.widest <= size.columns, `${views[0]!.widest} columns`);
    goldens.check(name, steady(`${views[0]!.text}=== at the end\n${end}`));
  });
}

pythonRepoTest("the live view in a window that is resized, with a failure", {}, async (repo) => {
  const sizes = [[80, 24], [40, 12], [120, 30], [60, 8]].map(([columns, rows]) => ({
    columns: columns!,
    rows: rows!,
  }));
  const { ran, views, end } = await look(repo, sizes, [0, 3]);
  assert.deepEqual([ran.code, ran.restored], [3, true], ran.output);
  assert.equal(views.length, sizes.length);
  assert.doesNotMatch(end, /\d\/4 tasks/, "nothing of the view is left");
  const texts = views.map(({ text }, at) => `=== ${sizes[at]!.columns} columns\n${text}`);
  goldens.check("resized", steady(`${texts.join("")}=== at the end\n${end}`));
});

pythonRepoTest("what is drawn leaves the rest of the screen alone", {}, async (repo) => {
  const { ran } = await look(repo, [{ columns: 80, rows: 24 }], []);
  // Neither cleared nor scrolled, no other screen, no title, no mouse, no question to the terminal.
  // deno-lint-ignore no-control-regex
  const known = /\x1b\[(?:\?(?:25|7|2026)[hl]|2K|\d*A|[\d;]*m)/g;
  const rest = ran.output.replaceAll(known, "");
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(rest, /[\x1b\x07]/);
});

Deno.test({
  name: "live view: every golden was compared",
  ignore: NO_PYTHON || Deno.args.includes("--filter"),
  fn: () => goldens.end(),
});
