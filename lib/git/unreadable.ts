import type { Problem } from "../base/problems.ts";

/** @param reason Words, or the code of the system's error. */
export function unreadable(path: string, reason: string): Problem {
  if (reason === "EILSEQ") {
    return beyondDeno(path, "what it leads to is not UTF-8, which Deno cannot read");
  }
  const message = `Cannot read the input file "${path.toWellFormed()}": ${reason}`;
  return { code: "file-unreadable", message };
}

/** Deno cannot open a name that is not UTF-8, and a state made without its bytes would hide every edit. */
export function unreachable(path: string): Problem {
  return beyondDeno(path, "its name is not UTF-8, which Deno cannot open");
}

function beyondDeno(path: string, reason: string): Problem {
  return {
    ...unreadable(path, reason),
    hint: "Use the built executable, rename the file, or leave it out with ignore",
  };
}
