/** One input step in a process of its own: opens the tree of a directory, selects all files, tells their states. */
import process from "node:process";
import { openTree } from "../lib/git/open.ts";
import { openSys } from "../lib/sys/open.ts";

const [root, stateDir] = process.argv.slice(2);
const sys = openSys();
const before = process.cpuUsage();
const start = performance.now();
const tree = await openTree({ sys, root: root!, stateDir: stateDir! });
const states = await tree.states(await tree.select(["."]));
const took = performance.now() - start;
const { user, system } = process.cpuUsage(before);
await tree.save();
const text = JSON.stringify({ took, busy: (user + system) / 1000, files: states.length });
await new Promise<void>((done) => void process.stdout.write(`${text}\n`, () => done()));
