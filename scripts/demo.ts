/**
 * `deno task demo`: qik on a small Python and TypeScript repository in a temporary directory, cold, warm and
 * after one edit. `QIK_BIN` names another qik than the one built here; `QIK_KEEP=1` keeps the directory.
 */
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import process from "node:process";
import { demoFiles, EDIT } from "./demo/repository.ts";
import { ROOT } from "./root.ts";
import { runCommand } from "./steps/command.ts";

/** What the demo promises for a run: its tasks that are cold before it. */
interface Act {
  readonly title: string;
  readonly explanation: string;
  readonly cold: readonly string[];
}

const ALL = ["site", "smoke", "test#orders", "test#pricing", "types"];
const ACTS: readonly Act[] = [
  {
    title: "Cold",
    explanation: "Nothing is known yet, so every task runs, in parallel where it can.",
    cold: ALL,
  },
  {
    title: "Warm",
    explanation:
      "No content changed, so every result comes from the cache: log, exit code and files.",
    cold: [],
  },
  {
    title: "After one edit",
    explanation: `${EDIT.path} changed. What depends on it runs; the Python tests do not.`,
    cold: ["site", "smoke", "types"],
  },
];

async function qikPath(): Promise<string> {
  const named = process.env["QIK_BIN"];
  if (named !== undefined && named !== "") return isAbsolute(named) ? named : join(ROOT, named);
  const { code, text } = await runCommand({ argv: [Deno.execPath(), "task", "build"] });
  if (code !== 0) throw new Error(text);
  return join(ROOT, "dist", Deno.build.os === "windows" ? "qik.exe" : "qik");
}

async function writeRepository(root: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  for (const words of [["init", "-q", "-b", "main"], ["add", "-A"]]) {
    const { status, stderr } = spawnSync("git", words, { cwd: root });
    if (status !== 0) throw new Error(`git ${words.join(" ")}: ${stderr}`);
  }
}

function play({ title, explanation, cold }: Act, qik: string, root: string, path: string): void {
  console.log(`\n── ${title} ──\n${explanation}\n$ qik`);
  const env = { ...process.env, PATH: path };
  const listed = spawnSync(qik, ["--cache-status", "cold", "--isolated", "--ls", "--json"], {
    cwd: root,
    env,
  });
  const { status } = spawnSync(qik, [], {
    cwd: root,
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) throw new Error(`qik ended with ${status}`);
  const found = coldTasks(listed.stdout.toString());
  if (found.join() !== [...cold].join()) {
    throw new Error(`Cold were [${found}], expected [${cold}]\n${listed.stderr}`);
  }
}

function coldTasks(json: string): string[] {
  return (JSON.parse(json) as { task: string }[]).map(({ task }) => task).sort();
}

async function main(): Promise<void> {
  const qik = await qikPath();
  const base = await mkdtemp(join(tmpdir(), "qik-demo-"));
  const root = join(base, "shop");
  try {
    // The demo's commands say `deno`, which is not in PATH where it came through npx.
    await mkdir(join(base, "bin"));
    await symlink(Deno.execPath(), join(base, "bin", "deno"));
    const path = [join(base, "bin"), process.env["PATH"] ?? ""].join(delimiter);
    const python = (await runCommand({ argv: ["python3", "--version"] })).code === 0;
    const files = demoFiles(python);
    await writeRepository(root, files);
    console.log(`A repository of ${Object.keys(files).length} files in ${root}. Its qik.toml:\n`);
    console.log(files["qik.toml"]!.replace(/^(?=.)/gm, "    "));
    for (const [index, act] of ACTS.entries()) {
      if (index === 2) {
        const text = await readFile(join(root, EDIT.path), "utf8");
        await writeFile(join(root, EDIT.path), text.replace(EDIT.from, EDIT.to));
      }
      play(act, qik, root, path);
    }
    console.log("\nTry it on your own: qik --help");
  } finally {
    if (process.env["QIK_KEEP"]) console.log(`kept ${root}`);
    else await rm(base, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  Deno.exitCode = 1;
}
