/** A made tree of Python modules. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Packages of 100 modules; each module imports eight others, all with lower numbers, and Python's own. */
export function writeModules(directory: string, modules: number): void {
  const nameOf = (at: number) => `many.p${Math.floor(at / 100)}.m${at % 100}`;
  let state = 7;
  const pick = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  write("many/__init__.py", "");
  const body = "\n\ndef work(value: int) -> int:\n    return value + 1\n".repeat(20);
  for (let at = 0; at < modules; at++) {
    const imports = Array.from({ length: at === 0 ? 0 : 8 }, () => `import ${nameOf(pick(at))}`);
    const path = `${nameOf(at).replaceAll(".", "/")}.py`;
    if (at % 100 === 0) write(`${dirname(path)}/__init__.py`, "");
    write(path, ["import os, typing", ...imports].join("\n") + body);
  }
}
