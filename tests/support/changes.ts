/** The ways in which a file may change that every kind of repository is tried with, and what must be seen of them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import type { Sys } from "../../lib/sys/sys.ts";
import { gitStates, type Ground, look } from "./work_tree.ts";

/** What each repository holds at first. */
export const FILES = {
  "src/a.txt": "one\ntwo\n",
  "src/b.txt": "three\n",
  "other/c.txt": "four\n",
  "run.sh": "#!/bin/sh\n",
};

/** The same ground, looked at from another root. */
export function from(ground: Ground, root: string): Ground {
  return Object.create(ground, { root: { value: join(ground.root, root) } });
}

const at = (ground: Ground) => join(ground.root, "src/a.txt");

/** In this order, each on top of the ones before. */
export const CHANGES: Record<string, (ground: Ground) => void> = {
  "nothing": () => {},
  "same size": (g) => {
    const bytes = fs.readFileSync(at(g));
    bytes[2]! ^= 1;
    fs.writeFileSync(at(g), bytes);
  },
  "same size and time": (g) => {
    // Node puts milliseconds back, touch nanoseconds.
    const kept = join(g.base, "kept");
    execFileSync("touch", ["-r", at(g), kept]);
    const bytes = fs.readFileSync(at(g));
    bytes[2]! ^= 1;
    fs.writeFileSync(at(g), bytes);
    execFileSync("touch", ["-r", kept, at(g)]);
  },
  "chmod": (g) => fs.chmodSync(at(g), 0o755),
  "edit": (g) => fs.appendFileSync(at(g), fs.readFileSync(at(g))),
  "staged": (g) => void g.git("update-index", "--add", "src/a.txt"),
  "rename": (g) => fs.renameSync(at(g), join(g.root, "src/moved.txt")),
  "back again": (g) => fs.renameSync(join(g.root, "src/moved.txt"), at(g)),
  "file to directory": (g) => {
    fs.renameSync(at(g), join(g.base, "aside"));
    g.write("src/a.txt/inner", "1");
  },
  "directory to file": (g) => {
    fs.rmSync(at(g), { recursive: true });
    fs.renameSync(join(g.base, "aside"), at(g));
  },
  "parent to file": (g) => {
    fs.renameSync(join(g.root, "src"), join(g.base, "aside"));
    g.write("src", "1");
  },
  "parent again": (g) => {
    fs.rmSync(join(g.root, "src"));
    fs.renameSync(join(g.base, "aside"), join(g.root, "src"));
  },
  "delete": (g) => fs.rmSync(at(g)),
  "revert": (g) => g.write("src/a.txt", FILES["src/a.txt"]),
};

/** The index seems to be ten seconds younger than it is, so that it may vouch for files made just now. */
export function later(ground: Ground): Sys {
  const sys = ground.sys();
  return {
    ...sys,
    files: {
      ...sys.files,
      stat(path) {
        const stat = sys.files.stat(path);
        if (stat === undefined || !path.endsWith("index")) return stat;
        const [mtimeNs, ctimeNs] = [stat.mtimeNs + 10n ** 10n, stat.ctimeNs + 10n ** 10n];
        return { ...stat, mtimeNs, ctimeNs };
      },
    },
  };
}

/** What qik sees is what git lists, with the bytes on disk; what was learned is there for the next look. */
export async function check(ground: Ground, what: string): Promise<void> {
  const tree = await ground.tree({ sys: later(ground), root: ground.root });
  assert.deepEqual(await look(tree), gitStates(ground), what);
  tree.save();
}
