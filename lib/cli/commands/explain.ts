import { oneLine } from "../../base/one_line.ts";
import { QikError } from "../../base/problems.ts";
import { type Change, changedFields, explanationOf, latestKeys } from "../../cache/explain.ts";
import type { Task } from "../../plan/types.ts";
import { forecastOf } from "../forecast_session.ts";
import type { Forecast } from "../forecast.ts";
import type { MetaCall } from "../meta_spec.ts";
import type { AppParts, Exit } from "../parts.ts";
import { openProject, type Project } from "../project.ts";
import { openSession } from "../session.ts";
import { checkFilled } from "../unfilled.ts";
import { columns, originRows, print, printJson } from "./cache/print.ts";

/** `qik :explain TASK [--diff KEY [--diff KEY]]`. Executes nothing. */
export async function run(parts: AppParts, call: MetaCall): Promise<Exit> {
  const { sys } = parts;
  const [name = ""] = call.words;
  const project = await openProject(parts, { ...call.invocation, names: [name] });
  const task = oneTask(project, name);
  await checkFilled(sys, project);
  const session = await openSession(sys, project);
  const all = await forecastOf(sys, session, project.selection.selected);
  const found = all.find((one) => one.task === task)!;
  const explained = explain(parts, project, call, found);
  if (call.json) printJson(sys, record(found, explained));
  else print(sys, shown(found, explained));
  return { code: 0 };
}

/** The parts of an answer that go beyond a forecast. */
interface Explained {
  /** The record of the key, one field each. */
  readonly fields: readonly (readonly [field: string, value: string])[];
  /** Keys of earlier results, the latest first. */
  readonly earlier: readonly string[];
  /** What is compared, the older first; `now` stands for what a run would look up. */
  readonly compared?: { readonly from: string; readonly to: string };
  readonly changes: readonly Change[];
}

function oneTask({ plan, selection }: Project, name: string): Task {
  const [first, ...others] = selection.chosen.map((index) => plan.tasks[index]!);
  if (first !== undefined && others.length === 0) return first;
  const names = [first, ...others].flatMap((task) => task === undefined ? [] : [task.name]);
  throw new QikError({
    code: "usage",
    message: `Cannot explain "${name}": it names ${names.length} tasks`,
    hint: names.length === 0
      ? "List them with: qik --ls"
      : `Write one of ${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}`,
  });
}

function explain(
  { sys: { files } }: AppParts,
  { paths: { cacheDir: dir } }: Project,
  { options }: MetaCall,
  { task, key, status, explanation }: Forecast,
): Explained {
  const keys = latestKeys(files, dir, task.name).reverse();
  const lines = explanation?.() ?? [];
  const wanted = (options["diff"] ?? []) as readonly string[];
  if (wanted.length > 2) {
    throw new QikError({ code: "usage", message: "Cannot compare more than two keys" });
  }
  const given = wanted.map((start) => keyOf(keys, start, task.name));
  const earlier = keys.filter((one) => one !== key);
  const fields = changedFields([], lines).map(({ field, after }) => [field, after ?? ""] as const);
  const known = { fields, earlier, changes: [] };
  const read = (of: string) => explanationOf(files, dir, of);
  if (given.length === 0) {
    if (status === "warm" || lines.length === 0) return known;
    return { ...known, ...nearest(earlier, read, lines) };
  }
  const before = recordOf(given[0]!, read);
  const after = given[1] === undefined ? lines : recordOf(given[1], read);
  const compared = { from: given[0]!, to: given[1] ?? "now" };
  return { ...known, compared, changes: changedFields(before, after) };
}

function keyOf(keys: readonly string[], start: string, task: string): string {
  const found = /^[0-9a-f]{4,}$/.test(start) ? keys.filter((key) => key.startsWith(start)) : [];
  if (found.length === 1) return found[0]!;
  throw new QikError({
    code: "entry-unknown",
    message: found.length === 0
      ? `Cannot find an earlier key of "${task}" that begins with "${start}"`
      : `Cannot tell which key of "${task}" is meant by "${start}"`,
    hint: "The last 16 are remembered: see qik :explain without --diff",
  });
}

function recordOf(key: string, read: (key: string) => readonly string[] | undefined) {
  const lines = read(key);
  if (lines !== undefined) return lines;
  const message = `Cannot compare with "${key}": what it was made of is no longer stored`;
  throw new QikError({ code: "entry-unknown", message });
}

function nearest(
  keys: readonly string[],
  read: (key: string) => readonly string[] | undefined,
  lines: readonly string[],
): Partial<Explained> {
  let best: Partial<Explained> = {};
  for (const key of keys) {
    const before = read(key);
    const changes = before && changedFields(before, lines);
    if (changes === undefined || changes.length >= (best.changes?.length ?? Infinity)) continue;
    best = { compared: { from: key, to: "now" }, changes };
  }
  return best;
}

function record({ task, status, key, why, manifest }: Forecast, explained: Explained) {
  return {
    task: task.name,
    command: task.command.name,
    cache: task.cacheable ? task.cache : null,
    status,
    key: key ?? null,
    why: why ?? null,
    stored: manifest === undefined ? null : {
      exit: manifest.exit,
      tookMs: manifest.tookMs,
      storedAt: manifest.storedAt === 0 ? null : new Date(manifest.storedAt).toISOString(),
      artifacts: manifest.artifacts,
      origin: manifest.origin ?? null,
    },
    record: explained.fields.map(([field, value]) => ({ field, value })),
    earlier: explained.earlier,
    compared: explained.compared ?? null,
    changes: explained.changes,
  };
}

function shown({ task, status, key, why, manifest }: Forecast, explained: Explained): string {
  const { fields, earlier, compared, changes } = explained;
  const head = columns([
    ["task", oneLine(task.name)],
    ["status", why === undefined ? status : `${status}: ${oneLine(why)}`],
    ...key === undefined ? [] : [["key", key]],
    ["cache", task.cacheable ? task.cache : "never cached"],
    ...manifest?.origin === undefined ? [] : originRows(manifest.origin, "no key was asked for"),
  ]);
  const rows = fields.map(([field, value]) => [`  ${oneLine(field)}`, oneLine(value)]);
  return [
    head,
    rows.length === 0 ? "" : `\nmade of\n${columns(rows)}`,
    earlier.length === 0
      ? ""
      : `\nearlier keys, the latest first\n${earlier.map((one) => `  ${one}\n`).join("")}`,
    compared === undefined
      ? ""
      : `\n${compared.from} -> ${compared.to}\n${
        changes.length === 0 ? "  no difference\n" : changes.map(changeText).join("")
      }`,
  ].join("");
}

function changeText({ field, change, before, after }: Change): string {
  const mark = { changed: "~", added: "+", deleted: "-" }[change];
  const values = [before, after].filter((value) => value !== undefined).map(oneLine);
  return `  ${mark} ${oneLine(field)}  ${values.join(" -> ")}`.trimEnd() + "\n";
}
