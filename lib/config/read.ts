import type { Problem } from "../base/problems.ts";
import { sha256 } from "../sys/digest.ts";
import { errorCode, type Files } from "../sys/sys.ts";
import { unlessClosed } from "../sys/unless_closed.ts";
import { buildCommands } from "./commands.ts";
import { addNames, type Draft, openSchemas, ownNames, report, type Section } from "./draft.ts";
import { badValue, type Origin, type Suggest, suggester } from "./flaws.ts";
import type { Kinds } from "./kinds.ts";
import { locateProblems } from "./locate.ts";
import { absolute, type Sources } from "./memo.ts";
import { withoutFlaws } from "./mend.ts";
import { withOldForms } from "./old_forms.ts";
import { checkPlaceholders } from "./placeholders.ts";
import { buildProject } from "./project.ts";
import { checkReferences } from "./references.ts";
import { type Checking, checkModuleFile, checkProject } from "./schema.ts";
import { checkRoots } from "./spaces.ts";
import { type JsonTable, MOST_BYTES, parseToml, type TomlDocument } from "./toml.ts";
import type { CommandConfig, Config, ModuleConfig } from "./types.ts";

/** A configuration read anew; `config` is missing where its project file is beyond use. */
export interface ReadConfig {
  readonly config?: Config;
  readonly problems: readonly Problem[];
  readonly sources: Sources;
}

/** Nobody reads more; a broken generator may write millions. */
const MOST_PROBLEMS = 10_000;

function atMost(most: number, problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= most) return problems;
  const message = `Cannot show ${problems.length - most} more problems`;
  return [...problems.slice(0, most), {
    code: "config-bad-value",
    message,
    hint: "Mend those shown",
  }];
}

/** The files of one reading. */
interface Reading {
  readonly files: Files;
  readonly root: string;
  readonly documents: Map<string, TomlDocument>;
  readonly problems: Problem[];
  readonly sources: {
    files: { path: string; sha256: string }[];
    absent: string[];
    directories: string[];
  };
}

/** Reads and checks the project file and the files of its modules. */
export async function readConfig(
  files: Files,
  root: string,
  file: string,
  kinds: Kinds,
): Promise<ReadConfig> {
  const sources = { files: [], absent: [], directories: [] };
  const reading: Reading = { files, root, documents: new Map(), problems: [], sources };
  const draft: Draft = {
    kinds,
    schemas: await openSchemas(kinds),
    names: ownNames(),
    suggest: suggester(),
    problems: reading.problems,
  };
  const project = await readProject(reading, draft, file);
  const own = project && await withPlugins(reading, draft, project);
  const config = own && await withModules(reading, draft, own);
  if (config !== undefined) {
    checkReferences(config, draft);
    checkPlaceholders(config, draft);
  }
  const told = atMost(MOST_PROBLEMS, reading.problems);
  const problems = locateProblems(told, (path) => reading.documents.get(path)?.text);
  return { ...(config === undefined ? {} : { config }), problems, sources };
}

async function readProject(
  reading: Reading,
  draft: Draft,
  file: string,
): Promise<Config | undefined> {
  const document = await readToml(reading, file);
  if (document === undefined) {
    if (reading.problems.length === 0) {
      const message = `Cannot read "${file}": it is not there any more`;
      reading.problems.push({ code: "config-not-found", message, place: { file } });
    }
    return undefined;
  }
  const isPyproject = file === "pyproject.toml" || file.endsWith("/pyproject.toml");
  const origin: Origin = { file, prefix: isPyproject ? ["tool", "qik"] : [] };
  const table = isPyproject ? toolTable(document.table) : document.table;
  const section = { draft, origin };
  if (table === undefined) {
    report(section, badValue([], file, "expected a table [tool.qik]"));
    return undefined;
  }
  addNames(draft.names, table);
  const raw = checked(section, table, checkProject);
  if (raw === undefined) return undefined;
  const config = buildProject(section, raw);
  checkRoots(section, config.spaces);
  return config;
}

/** `[tool.qik]` of a `pyproject.toml`. */
function toolTable(table: JsonTable): JsonTable | undefined {
  const isTable = (value: unknown): value is JsonTable =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const tool = table["tool"];
  const qik = isTable(tool) ? tool["qik"] : undefined;
  return isTable(qik) ? qik : undefined;
}

/**
 * The checked table. After flaws were reported it is what is left without them, so that the names in the rest
 * are looked at, too; nothing where even that cannot be read.
 */
function checked<T>(
  section: Section,
  table: JsonTable,
  check: (table: JsonTable, suggest: Suggest) => Checking<T>,
): T | undefined {
  const first = check(table, section.draft.suggest);
  if ("value" in first) return first.value;
  for (const flaw of withOldForms(first.flaws, table)) report(section, flaw);
  const second = check(withoutFlaws(table, first.flaws), () => undefined);
  return "value" in second ? second.value : undefined;
}

/** Adds the commands that plugins bring as text. */
async function withPlugins(reading: Reading, draft: Draft, project: Config): Promise<Config> {
  const commands: CommandConfig[] = [...project.commands];
  for (const { name, source } of project.plugins) {
    const { toml } = draft.kinds.plugins.get(source) ?? {};
    if (toml === undefined) continue;
    // Stands for a file in messages, which nobody can open.
    const file = `${source} (commands)`;
    const document = await parseToml(file, new TextEncoder().encode(toml));
    reading.documents.set(file, document);
    reading.problems.push(...document.problems);
    const section = { draft, origin: { file, prefix: [] } };
    addNames(draft.names, document.table, { plugin: name });
    const raw = checked(section, document.table, checkModuleFile);
    if (raw !== undefined) {
      commands.push(...buildCommands(section, raw.commands ?? {}, { plugin: name }));
    }
  }
  return { ...project, commands };
}

/** Adds the commands of the modules' own files. */
async function withModules(reading: Reading, draft: Draft, project: Config): Promise<Config> {
  const commands: CommandConfig[] = [...project.commands];
  for (const module of project.spaces.flatMap((space) => space.modules)) {
    const { pythonPath } = project.defaults;
    for (const command of await moduleCommands(reading, draft, module, pythonPath)) {
      commands.push(command);
    }
  }
  return commands.length === project.commands.length ? project : { ...project, commands };
}

async function moduleCommands(
  reading: Reading,
  draft: Draft,
  module: ModuleConfig,
  pythonPath: string,
): Promise<CommandConfig[]> {
  // The file in the root is the project file itself.
  if (module.dir === "") return [];
  reading.sources.directories.push(module.dir);
  if (statKind(reading, module.dir) !== "directory") {
    const message = `Cannot use the module "${module.name}": there is no directory "${module.dir}"`;
    // Paths of modules begin at the root, which a dotted name makes easy to forget.
    const below = `${pythonPath}/${module.dir}`;
    const hint = pythonPath !== "" && statKind(reading, below) === "directory"
      ? `Write the path from the root: "${below}"`
      : "Create the directory or mend the path";
    draft.problems.push({ code: "config-bad-value", message, hint, place: module.place });
    return [];
  }
  const file = `${module.dir}/qik.toml`;
  if (reading.documents.has(file)) return [];
  const document = await readToml(reading, file);
  if (document === undefined) return [];
  const section = { draft, origin: { file, prefix: [] } };
  addNames(draft.names, document.table, { module: module.name });
  const raw = checked(section, document.table, checkModuleFile);
  return raw === undefined
    ? []
    : buildCommands(section, raw.commands ?? {}, { module: module.name });
}

function statKind(reading: Reading, path: string): string | undefined {
  return unlessClosed(() => reading.files.stat(absolute(reading.root, path)))?.kind;
}

/** A file's TOML; `undefined` where there is no file, or after the problem with it was reported. */
async function readToml(reading: Reading, file: string): Promise<TomlDocument | undefined> {
  const bytes = readBytes(reading, file);
  if (bytes === undefined) return undefined;
  reading.sources.files.push({ path: file, sha256: sha256(bytes) });
  const document = await parseToml(file, bytes);
  reading.documents.set(file, document);
  if (document.problems.length === 0) return document;
  for (const problem of document.problems) reading.problems.push(problem);
  return undefined;
}

function readBytes(reading: Reading, file: string): Uint8Array | undefined {
  const path = absolute(reading.root, file);
  const cannot = (code: "config-unreadable" | "config-too-large", why: string) => {
    const message = `Cannot read "${file}": ${why}`;
    reading.problems.push({ code, message, place: { file } });
    return undefined;
  };
  try {
    const stat = reading.files.stat(path);
    const bytes = stat?.kind === "file" && stat.size <= MOST_BYTES
      ? reading.files.read(path)
      : undefined;
    if (stat === undefined) reading.sources.absent.push(file);
    else if (stat.kind !== "file") return cannot("config-unreadable", "it is not a file");
    else if (stat.size > MOST_BYTES) return cannot("config-too-large", "it has more than 8 MiB");
    return bytes;
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    return cannot("config-unreadable", code);
  }
}
