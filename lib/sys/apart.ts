import { spawn } from "node:child_process";
import process from "node:process";

/** What is used here of the runtimes. */
interface Runtimes {
  readonly Deno?: { readonly build: { readonly standalone?: boolean } };
  readonly Bun?: { readonly main: string };
}

/** Where Bun shows the files that are inside of an executable. */
const INSIDE = /^(?:\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/;

/** See `Processes.startApart`. */
export function startApart(
  args: readonly string[],
  cwd: string,
  without: readonly string[],
): boolean {
  const { Deno, Bun } = globalThis as Runtimes;
  // A runtime that reads sources would have to be given all that it was started with.
  if (Deno?.build.standalone !== true && !INSIDE.test(Bun?.main ?? "")) return false;
  const env = Object.entries(process.env).filter(([name]) => !without.includes(name));
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: Object.fromEntries(env),
    detached: true,
    stdio: "ignore",
    windowsHide: true,
  });
  // Told later where it cannot be started; nobody waits for it.
  child.on("error", () => {});
  child.unref();
  return child.pid !== undefined;
}
