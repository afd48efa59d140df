/** The input step of a recalled run in a process of its own: reads the one proof of a directory and verifies it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { decodeProof } from "../lib/proof/proof_file.ts";
import { verify } from "../lib/proof/verify.ts";
import { openSys } from "../lib/sys/open.ts";

const [root] = process.argv.slice(2);
const { files, clock } = openSys();
const before = process.cpuUsage();
const start = performance.now();
const proofs = join(root!, "._qik/state/proofs");
const [name] = readdirSync(proofs);
const proof = decodeProof(files.read(join(proofs, name!))!)!;
const holds = verify(proof, { files, startedMs: clock.now() }) !== undefined;
const took = performance.now() - start;
const { user, system } = process.cpuUsage(before);
if (!holds) throw new Error("The proof does not hold");
const text = JSON.stringify({ took, busy: (user + system) / 1000 });
await new Promise<void>((done) => void process.stdout.write(`${text}\n`, () => done()));
