import { oneLine } from "../base/one_line.ts";
import type { Reason } from "../plan/affected.ts";
import type { Task } from "../plan/types.ts";
import type { Style } from "../report/style.ts";
import type { Forecast } from "./forecast.ts";

/** Which changes select tasks, by the task's index. */
export type Reasons = ReadonlyMap<number, Reason>;

/**
 * The tasks as `--ls` prints them: one name per line; with `long` the description behind it, and which change
 * selects the task.
 */
export function listText(
  tasks: readonly Task[],
  long: boolean,
  style: Style,
  reasons?: Reasons,
): string {
  const width = Math.min(60, Math.max(0, ...tasks.map(({ name }) => name.length)));
  return tasks.map(({ index, name, command: { description } }) => {
    const reason = reasons?.get(index);
    const words = reason === undefined ? [] : [`(${changeText(reason)})`];
    const more = oneLine(
      [...(description === undefined ? [] : [description]), ...words].join("  "),
    );
    return long && more !== ""
      ? `${oneLine(name).padEnd(width)}  ${style.paint(more, "dim")}\n`
      : `${oneLine(name)}\n`;
  }).join("");
}

/** How many names a line shows. */
const MOST_NAMES = 3;

/** Why a change selects a task, as one line of plain words. */
function changeText({ files, definition, values, upstream, unknown }: Reason): string {
  const names = (list: readonly string[]) =>
    list.length > MOST_NAMES
      ? `${list.slice(0, MOST_NAMES).join(", ")} and ${list.length - MOST_NAMES} more`
      : list.join(", ");
  return [
    ...(definition ? ["its definition changed"] : []),
    ...(files.length > 0 ? [`${names(files)} changed`] : []),
    ...(values.length > 0 ? [`${names(values)} changed`] : []),
    ...(upstream.length > 0 ? [`needs ${names(upstream)}`] : []),
    ...(unknown === undefined ? [] : [`cannot be told: ${unknown}`]),
  ].join("; ");
}

/** The same for programs: an array of objects, in the order of the plan. */
export function listJson(tasks: readonly Task[], reasons?: Reasons): string {
  return json(tasks.map((task) => taskRecord(task, reasons)));
}

/** The tasks as `--dry-run` prints them. */
export function forecastText(forecasts: readonly Forecast[], style: Style): string {
  const width = Math.min(60, Math.max(0, ...forecasts.map(({ task }) => task.name.length)));
  const lines = forecasts.map(({ task, status, key, why }) => {
    const word = status === "warm" ? style.paint("warm", "green") : style.paint("cold", "yellow");
    const short = key === undefined ? "-".padEnd(12) : key.slice(0, 12);
    const reason = why === undefined ? "" : `  ${oneLine(why)}`;
    const name = oneLine(task.name).padEnd(width);
    return `${word}  ${style.paint(short, "dim")}  ${name}${reason}`.trimEnd();
  });
  const warm = forecasts.filter(({ status }) => status === "warm").length;
  const cold = forecasts.length - warm;
  return [...lines, `${warm} would be replayed, ${cold} would run`].join("\n") + "\n";
}

/** The same for programs, with whole keys. */
export function forecastJson(forecasts: readonly Forecast[], reasons?: Reasons): string {
  return json(forecasts.map(({ task, status, key, why, manifest }) => ({
    ...taskRecord(task, reasons),
    status,
    key: key ?? null,
    why: why ?? null,
    savesMs: manifest?.tookMs ?? null,
  })));
}

function taskRecord(task: Task, reasons: Reasons | undefined) {
  const { name, command, space, module, cache, cacheable } = task;
  return {
    task: name,
    command: command.name,
    space: space.name,
    module: module?.name ?? null,
    description: command.description ?? null,
    tags: command.tags,
    cache: cacheable ? cache : null,
    // Only where changes were asked for: a task that is merely needed then has `null`.
    ...(reasons === undefined ? {} : { change: changeRecord(reasons.get(task.index)) }),
  };
}

function changeRecord(reason: Reason | undefined) {
  return reason === undefined ? null : { ...reason, unknown: reason.unknown ?? null };
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2) + "\n";
}
