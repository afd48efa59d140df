/** A fenced block of a Markdown file. */
export interface Block {
  /** First word of the info string; empty where there is none. */
  readonly language: string;
  /** The other words, `title=…` left out. */
  readonly words: readonly string[];
  /** Path from `title=PATH`: the block is the content of that file. */
  readonly title?: string;
  readonly text: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
}

/**
 * Fenced blocks in the order of the file. A fence ends at a line of at least as many of the same marks; one
 * that never ends reaches to the end of the file, as in Markdown.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fencedBlocks } from "./blocks.ts";
 * const [block] = fencedBlocks("Try\n~~~toml title=qik.toml\na = 1\n~~~\n");
 * assert.deepEqual(block, { language: "toml", words: [], title: "qik.toml", text: "a = 1\n", line: 2 });
 * ```
 */
export function fencedBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; info: string; line: number; lines: string[] } | undefined;
  const close = () => {
    if (open !== undefined) blocks.push(blockOf(open.info, open.line, open.lines));
    open = undefined;
  };
  for (const [index, line] of markdown.split("\n").entries()) {
    const [, marks, info] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (marks !== undefined) open = { fence: marks, info: info!, line: index + 1, lines: [] };
    } else if (marks?.startsWith(open.fence) && info!.trim() === "") close();
    else open.lines.push(line);
  }
  close();
  return blocks;
}

function blockOf(info: string, line: number, lines: readonly string[]): Block {
  const [language = "", ...rest] = info.trim().split(/\s+/);
  const title = rest.find((word) => word.startsWith("title="))?.slice("title=".length);
  const words = rest.filter((word) => !word.startsWith("title="));
  const text = lines.map((each) => each + "\n").join("");
  return { language, words, ...(title === undefined ? {} : { title }), text, line };
}
