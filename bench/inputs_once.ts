/** One input step in a process of its own: opens the tree of a directory, selects all files, tells their states. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { openTree } from "../lib/git/open.ts";
import { openSys } from "../lib/sys/open.ts";

const [root, state] = process.argv.slice(2);
const start = performance.now();
const tree = await openTree({ sys: openSys(), root: root!, stateDir: join(tmpdir(), state!) });
const states = await tree.states(await tree.select(["."]));
const took = performance.now() - start;
tree.save();
console.log(JSON.stringify({ took, files: states.length }));
