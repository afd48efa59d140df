import { QikError, type VenvCall } from "../../mod.ts";
import { withoutAccount } from "./accounts.ts";
import { readFile, run, scratchOf, textOf, wantedBy } from "./call.ts";
import { type LockedPackage, readLock, relativeTo, writeLock } from "./lock_file.ts";
import { readFailure, readPlan } from "./told.ts";
import { type At, platformsOf } from "./venv.ts";
import { nameOf, type Wanted } from "./wanted.ts";

/** Requirements to a lock: one solution for each platform. */
export async function lock(call: VenvCall, at: At): Promise<number> {
  const wanted = wantedBy(call, at);
  const locked = new Map<string, readonly LockedPackage[]>();
  for (const platform of platformsOf(at)) {
    const packages = await solve(call, at, { ...wanted, platform });
    if (typeof packages === "number") return packages;
    // A channel of the repository is another one in each checkout.
    locked.set(platform, packages.map((one) => relativeTo(call, one)));
  }
  const text = writeLock(locked, `Made by: qik ${at.project.plugin.name}.lock@${at.space.name}`);
  call.files.removeTree(packagesOf(call, at));
  call.files.writeAtomic(`${call.root}/${at.lock}`, new TextEncoder().encode(text));
  return 0;
}

interface Question extends Wanted {
  readonly platform: string;
}

/**
 * Asks until all constraints are kept: each is a requirement only where its package is in the solution, and no tool takes
 * such from its command line. Ends because every round but the last adds one.
 *
 * @returns The packages, or the exit code of the tool that found none.
 */
async function solve(
  call: VenvCall,
  at: At,
  question: Question,
): Promise<readonly LockedPackage[] | number> {
  const limits = limitsOf(call, at, question.platform);
  let kept = new Set(question.specs.map(nameOf).filter((name) => limits.has(name)));
  for (;;) {
    const specs = [...question.specs, ...[...kept].map((name) => limits.get(name)!)];
    const packages = await ask(call, at, { ...question, specs });
    if (typeof packages === "number") return packages;
    const found = packages.map(({ name }) => name).filter((name) => limits.has(name));
    const next = new Set([...kept, ...found]);
    if (next.size === kept.size) return packages;
    kept = next;
  }
}

/** What may be used of the packages that constraints name: match specs by name. */
function limitsOf(call: VenvCall, at: At, platform: string): ReadonlyMap<string, string> {
  const specs = at.constraints.flatMap((path) => {
    const text = textOf(call, path);
    if (!/^@EXPLICIT\s*$/m.test(text)) return readFile(call, at, path).specs;
    const locked = readLock(text).get(platform) ?? [];
    return locked.map(({ name, version, build }) => `${name} ==${version} ${build}`);
  });
  return new Map(specs.map((spec) => [nameOf(spec), spec]));
}

/** One solution. conda is asked again without the packages that it has, of which it says too little. */
async function ask(
  call: VenvCall,
  at: At,
  { channels, specs, platform }: Question,
): Promise<readonly LockedPackage[] | number> {
  const scratch = scratchOf(call, at);
  const isSecret = channels.some((url) => withoutAccount(url) !== url);
  // In arguments every process of the machine could read them.
  const named = isSecret || channels.length === 0
    ? []
    : ["--override-channels", ...channels.flatMap((url) => ["--channel", url])];
  const argv = ["create", "--yes", "--dry-run", "--json", "--prefix", scratch, ...named, ...specs];
  const usual = {
    CONDA_SUBDIR: platform,
    ...isSecret && { CONDA_CHANNELS: channels.join(",") },
  };
  for (const env of [usual, { ...usual, CONDA_PKGS_DIRS: packagesOf(call, at) }]) {
    const { code, text } = await told(call, at, argv, env);
    if (code !== 0) {
      call.write("err", `${readFailure(text)}\n`);
      return code;
    }
    const plan = readPlan(text);
    if (plan?.unknown.length === 0) return plan.packages;
  }
  throw new QikError({
    code: "dep-unreadable",
    message:
      `Cannot lock the environment of the space "${at.space.name}": the tool does not say where its packages come from`,
    hint: 'Update it, or name another one: tool = "micromamba"',
  });
}

/** Where conda has no package yet. */
function packagesOf(call: VenvCall, at: At): string {
  return `${scratchOf(call, at)}.packages`;
}

async function told(
  call: VenvCall,
  at: At,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly text: string }> {
  const decoder = new TextDecoder();
  let text = "";
  const onOut = (bytes: Uint8Array) => void (text += decoder.decode(bytes, { stream: true }));
  const code = await run(call, at, argv, { env, onOut });
  return { code, text: text + decoder.decode() };
}
