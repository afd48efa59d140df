import type { Task } from "../plan/types.ts";
import type { Style } from "../report/style.ts";
import type { Forecast } from "./forecast.ts";

/** The tasks as `--ls` prints them: one name per line; with `long` the description behind it. */
export function listText(tasks: readonly Task[], long: boolean, style: Style): string {
  const width = Math.min(60, Math.max(0, ...tasks.map(({ name }) => name.length)));
  return tasks.map(({ name, command: { description } }) =>
    long && description !== undefined
      ? `${name.padEnd(width)}  ${style.paint(description, "dim")}\n`
      : `${name}\n`
  ).join("");
}

/** The same for programs: an array of objects, in the order of the plan. */
export function listJson(tasks: readonly Task[]): string {
  return json(tasks.map(taskRecord));
}

/** The tasks as `--dry-run` prints them. */
export function forecastText(forecasts: readonly Forecast[], style: Style): string {
  const width = Math.min(60, Math.max(0, ...forecasts.map(({ task }) => task.name.length)));
  const lines = forecasts.map(({ task, status, key, why }) => {
    const word = status === "warm" ? style.paint("warm", "green") : style.paint("cold", "yellow");
    const short = key === undefined ? "-".padEnd(12) : key.slice(0, 12);
    const reason = why === undefined ? "" : `  ${why}`;
    return `${word}  ${style.paint(short, "dim")}  ${task.name.padEnd(width)}${reason}`.trimEnd();
  });
  const warm = forecasts.filter(({ status }) => status === "warm").length;
  const cold = forecasts.length - warm;
  return [...lines, `${warm} would be replayed, ${cold} would run`].join("\n") + "\n";
}

/** The same for programs, with whole keys. */
export function forecastJson(forecasts: readonly Forecast[]): string {
  return json(forecasts.map(({ task, status, key, why, manifest }) => ({
    ...taskRecord(task),
    status,
    key: key ?? null,
    why: why ?? null,
    savesMs: manifest?.tookMs ?? null,
  })));
}

function taskRecord({ name, command, space, module, cache, cacheable }: Task) {
  return {
    task: name,
    command: command.name,
    space: space.name,
    module: module?.name ?? null,
    description: command.description ?? null,
    tags: command.tags,
    cache: cacheable ? cache : null,
  };
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2) + "\n";
}
