import { resolve } from "node:path";
import { decodeName } from "../base/bytes.ts";
import { QikError } from "../base/problems.ts";
import type { Files } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";

/** A first line is no longer than this on any system. */
const FIRST_LINE_BYTES = 4096;

/** What the system's words for not starting a program mean, and what helps. */
export function unusable(files: Files, path: string, reason: string): QikError {
  if (reason === "ENOENT") return without(path, interpreterOf(files, path));
  if (reason === "E2BIG") {
    const why = "its arguments and variables are more than the system takes";
    return problem(path, why, "Pass less, or pass it in a file");
  }
  return problem(path, reason === "EACCES" ? "the system does not allow it" : reason);
}

/**
 * A path that is named must be a program that can be run, or nothing at all.
 *
 * @throws {QikError} `program-unusable`.
 */
export function assertAbsent(files: Files, name: string, from: string): void {
  const stat = unlessClosed(() => files.stat(resolve(from, name)));
  if (stat === undefined) return;
  if (stat.kind === "directory") throw problem(name, "it is a directory", "Name a file in it");
  if (stat.kind !== "file") throw problem(name, "it is no regular file", "Name a program");
  throw problem(name, "it is not executable", `Make it so: chmod +x ${name}`);
}

/** The file is there, or it would not have been found. */
function without(path: string, interpreter: string | undefined): QikError {
  return interpreter === undefined
    ? problem(path, "what loads it is not there", "Install it for this system")
    : problem(
      path,
      `"${interpreter}", which its first line names, is not there`,
      "Mend that line, or install what it names",
    );
}

function interpreterOf(files: Files, path: string): string | undefined {
  const piece = new Uint8Array(FIRST_LINE_BYTES);
  return unlessClosed(() => {
    const reader = files.openReader(path);
    try {
      const length = reader?.read(piece) ?? 0;
      return /^#![ \t]*([^ \t\r\n]+)/.exec(decodeName(piece.subarray(0, length)))?.[1];
    } finally {
      reader?.close();
    }
  });
}

function problem(path: string, why: string, hint?: string): QikError {
  const message = `Cannot run "${path}": ${why}`;
  return new QikError({ code: "program-unusable", message, ...(hint && { hint }) });
}
