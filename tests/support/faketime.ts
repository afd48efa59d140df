/** libfaketime of Debian, which lets a program believe in another time; fetched once and kept. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/**
 * Variables under which a dynamically linked program believes that it is `when`, such as `+1d` or
 * `2038-01-20 00:00:00`.
 *
 * @throws Where there is no apt-get, or it finds no such package.
 */
export function atTime(when: string): Readonly<Record<string, string>> {
  return { LD_PRELOAD: library(), FAKETIME: when };
}

let known: string | undefined;

function library(): string {
  if (known !== undefined) return known;
  const kept = process.env["QIK_TEST_SERVERS"] || join(homedir(), ".cache", "qik-tests");
  const directory = join(kept, "faketime");
  if (found(directory) === undefined) {
    fs.mkdirSync(directory, { recursive: true });
    execFileSync("apt-get", ["download", "libfaketime"], { cwd: directory, stdio: "ignore" });
    const file = fs.readdirSync(directory).find((name) => name.endsWith(".deb"));
    execFileSync("dpkg", ["-x", file!, "."], { cwd: directory });
  }
  known = found(directory);
  if (known === undefined) throw new Error(`The package libfaketime has no libfaketime.so.1`);
  return known;
}

function found(directory: string): string | undefined {
  if (!fs.existsSync(directory)) return undefined;
  const names = fs.readdirSync(directory, { recursive: true }) as string[];
  const name = names.find((one) => one.endsWith("/libfaketime.so.1"));
  return name === undefined ? undefined : join(directory, name);
}
