import type { Problem } from "../base/problems.ts";
import type { Files } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import type { JsonTable } from "./toml.ts";

/** Where the configuration of a directory is, or why there is none. */
export type Discovered =
  | {
    readonly found: true;
    /** Absolute: the directory that paths of the configuration are relative to. */
    readonly root: string;
    /** `qik.toml` or `pyproject.toml`. */
    readonly file: string;
  }
  | { readonly found: false; readonly problem: Problem };

/** Larger ones are refused later, so they are not read here. */
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Looks for the project file, from a directory upward.
 *
 * Up to the directory that holds `.git` (a directory, or the file of a worktree or submodule) the topmost
 * file wins; without git the nearest. `pyproject.toml` counts where it has `[tool.qik]` and no `qik.toml`
 * stands beside it.
 *
 * @param start Absolute directory.
 */
export async function discover(files: Files, start: string): Promise<Discovered> {
  const candidates: { readonly root: string; readonly file: string }[] = [];
  let top = start;
  let hasGit = false;
  for (let at: string | undefined = start; at !== undefined && !hasGit; at = parentOf(at)) {
    const file = await projectFile(files, at);
    if (file !== undefined) candidates.push({ root: at, file });
    hasGit = kindAt(files, below(at, ".git")) !== undefined;
    top = at;
  }
  const chosen = hasGit ? candidates.at(-1) : candidates[0];
  if (chosen !== undefined) return { found: true, ...chosen };
  const strange = notAFile(files, start, top);
  if (strange !== undefined) return { found: false, problem: strange };
  const upTo = hasGit ? `"${top}", the root of the git repository` : `"${top}"`;
  const looked = top === start ? `in ${upTo}` : `from "${start}" up to ${upTo}`;
  const message = `Cannot find qik.toml, or pyproject.toml with [tool.qik]: looked ${looked}`;
  return { found: false, problem: { code: "config-not-found", message } };
}

/** Where no project file is found, something of its name that cannot be read is what the user must hear of. */
function notAFile(files: Files, start: string, top: string): Problem | undefined {
  for (let at: string | undefined = start; at !== undefined; at = parentOf(at)) {
    const path = below(at, "qik.toml");
    if (stands(files, path)) {
      const leadsNowhere = kindAt(files, path) === undefined;
      const why = leadsNowhere ? "it is a link that leads nowhere" : "it is not a file";
      return { code: "config-unreadable", message: `Cannot read "${path}": ${why}` };
    }
    if (at === top) return undefined;
  }
  return undefined;
}

/** The directory above, `undefined` for the topmost (`/`, `C:\`). */
function parentOf(path: string): string | undefined {
  const trimmed = path.replace(/(?<=[^/\\:])[/\\]+$/, "");
  const slash = Math.max(trimmed.lastIndexOf("/"), trimmed.lastIndexOf("\\"));
  if (slash === -1 || slash === trimmed.length - 1) return undefined;
  const isTop = slash === 0 || trimmed[slash - 1] === ":";
  return trimmed.slice(0, isTop ? slash + 1 : slash);
}

function below(directory: string, name: string): string {
  return /[/\\]$/.test(directory) ? directory + name : `${directory}/${name}`;
}

/** What stands at a path; a place that cannot be looked at holds nothing. */
function kindAt(files: Files, path: string): string | undefined {
  return unlessClosed(() => files.stat(path))?.kind;
}

function stands(files: Files, path: string): boolean {
  return unlessClosed(() => files.lstat(path)) !== undefined;
}

async function projectFile(files: Files, directory: string): Promise<string | undefined> {
  if (kindAt(files, below(directory, "qik.toml")) === "file") return "qik.toml";
  const path = below(directory, "pyproject.toml");
  if (kindAt(files, path) !== "file") return undefined;
  return await hasTool(files, path) ? "pyproject.toml" : undefined;
}

/** Whether a `pyproject.toml` has `[tool.qik]`. The TOML reader is asked only where the text leaves doubt. */
async function hasTool(files: Files, path: string): Promise<boolean> {
  const bytes = readable(files, path);
  if (bytes === undefined) return false;
  const text = new TextDecoder().decode(bytes);
  if (!text.includes("qik")) return false;
  if (/^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*qik[ \t]*[.\]]/m.test(text)) return true;
  if (!/^[ \t]*(?:\[[ \t]*)?["']?tool["']?[ \t]*[.=\]]/m.test(text)) return false;
  const { parseToml } = await import("./toml.ts");
  const { table } = await parseToml(path, bytes);
  const tool = table["tool"] as JsonTable | undefined;
  return typeof tool === "object" && tool !== null && Object.hasOwn(tool, "qik");
}

function readable(files: Files, path: string): Uint8Array | undefined {
  return unlessClosed(() => {
    const isSmall = (files.stat(path)?.size ?? 0) <= MOST_BYTES;
    return isSmall ? files.read(path) : undefined;
  });
}
