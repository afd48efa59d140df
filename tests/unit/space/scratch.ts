import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openSys } from "../../../lib/sys/open.ts";
import type { VenvPorts } from "../../../lib/space/ports.ts";

/** The real files and clock of this machine. */
export const { files, clock } = openSys();

/** What to put at a path: text, a program, a symlink's target, or nothing but a directory. */
export type Item = string | { readonly program: string } | { readonly link: string } | "/";

/** A temporary directory that is removed with the test. */
export class Scratch implements Disposable {
  /** Absolute, symlinks resolved. */
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), "qik-space-")));

  constructor(tree: Readonly<Record<string, Item>> = {}) {
    for (const [path, item] of Object.entries(tree)) this.put(path, item);
  }

  put(path: string, item: Item): void {
    const full = join(this.root, path);
    mkdirSync(item === "/" ? full : dirname(full), { recursive: true });
    if (item === "/") return;
    if (typeof item === "string") writeFileSync(full, item);
    else if ("link" in item) symlinkSync(item.link, full);
    else {
      writeFileSync(full, item.program);
      chmodSync(full, 0o755);
    }
  }

  /** Ports onto this directory with a closed environment. */
  ports(env: Readonly<Record<string, string>> = {}, more: Partial<VenvPorts> = {}): VenvPorts {
    return { files, clock, env, platform: "linux", root: this.root, ...more };
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
