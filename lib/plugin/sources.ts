import { sha256 } from "../sys/digest.ts";
import { errorCode, type Files } from "../sys/sys.ts";

/** A project file and where it lies. */
export interface ProjectFile {
  readonly files: Files;
  /** Absolute. */
  readonly root: string;
  /** Relative to the root. */
  readonly file: string;
}

const MEMO = "._qik/state/plugins.json";

/** A source that is not a built-in plugin's name. */
const FOREIGN = /^(?:\.{1,2}\/|npm:|jsr:)/;

interface Memo {
  /** Of the project file. */
  readonly digest: string;
  readonly sources: readonly string[];
}

/**
 * The sources in `[plugins]` that are the user's own: files, and packages of npm and JSR. A file without any text
 * that could be one is not parsed; what a parsed one said is remembered under its digest.
 */
export async function foreignSources(
  at: ProjectFile,
  bytes: Uint8Array | undefined,
  text: string,
): Promise<readonly string[]> {
  if (bytes === undefined || !/plugins/.test(text)) return [];
  if (!/["'](?:\.{1,2}\/|npm:|jsr:)/.test(text)) return [];
  const digest = sha256(bytes);
  const known = recall(at);
  if (known?.digest === digest) return known.sources;
  const { parseToml } = await import("../config/toml.ts");
  const { table } = await parseToml(at.file, bytes);
  const top = at.file.endsWith("pyproject.toml") ? tableIn(tableIn(table, "tool"), "qik") : table;
  const entries = Object.values(tableIn(top, "plugins") ?? {});
  const sources = entries.map(sourceOf).filter((source) => FOREIGN.test(source));
  remember(at, { digest, sources });
  return sources;
}

type Table = Readonly<Record<string, unknown>>;

function tableIn(table: Table | undefined, key: string): Table | undefined {
  const value = table?.[key];
  return typeof value === "object" && value !== null ? value as Table : undefined;
}

function sourceOf(entry: unknown): string {
  const { plugin, pyimport } = typeof entry === "object" && entry !== null
    ? entry as Table
    : { plugin: entry, pyimport: undefined };
  const source = plugin ?? pyimport;
  return typeof source === "string" ? source : "";
}

function recall({ files, root }: ProjectFile): Memo | undefined {
  try {
    const bytes = files.read(`${root}/${MEMO}`);
    const memo = bytes && JSON.parse(new TextDecoder().decode(bytes)) as Partial<Memo> | null;
    const { digest, sources } = memo ?? {};
    const isWhole = typeof digest === "string" && Array.isArray(sources) &&
      sources.every((source) => typeof source === "string");
    return isWhole ? { digest, sources } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) !== undefined) return undefined;
    throw error;
  }
}

/** A memo that cannot be written is only a slower next run. */
function remember({ files, root }: ProjectFile, memo: Memo): void {
  try {
    // Whoever makes the work directory has more to do: see config/memo.ts.
    if (files.lstat(`${root}/._qik`) === undefined) return;
    files.writeAtomic(`${root}/${MEMO}`, new TextEncoder().encode(JSON.stringify(memo)), 0o600);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}
