import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findBun } from "../scripts/build/bun.ts";
import { bunArguments } from "../scripts/build/compile.ts";
import { runCommand } from "../scripts/steps/command.ts";
import { summary } from "./measure.ts";

/** Medians in milliseconds of `qik --version` and of an executable that does nothing. */
export interface StartFigures {
  readonly qikMs: number;
  readonly emptyMs: number;
}

/** What starting costs, against the least that the runtime allows; both in turn. */
export async function startFigures(
  qik: string,
  directory: string,
  rounds: number,
): Promise<StartFigures> {
  const entry = join(directory, "empty.ts");
  const empty = join(directory, Deno.build.os === "windows" ? "empty.exe" : "empty");
  await writeFile(entry, "export {};\n");
  const argv = [await findBun(), ...bunArguments(empty, "", undefined, entry)];
  const { code, text } = await runCommand({ argv });
  if (code !== 0) throw new Error(`Cannot compile an empty program\n${text}`);
  const [own, other]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    own.push(timeStart(qik, ["--version"]));
    other.push(timeStart(empty, []));
  }
  return { qikMs: summary(own).median, emptyMs: summary(other).median };
}

function timeStart(file: string, args: readonly string[]): number {
  const start = performance.now();
  new Deno.Command(file, { args: [...args], stdin: "null" }).outputSync();
  return performance.now() - start;
}

export function startText({ qikMs, emptyMs }: StartFigures): string {
  const ratio = (qikMs / emptyMs).toFixed(2);
  return `qik --version ${qikMs.toFixed(1)} ms, an empty program ${
    emptyMs.toFixed(1)
  } ms (${ratio}×)`;
}
