import { type InstallCall, QikError } from "../../mod.ts";
import { withAccount } from "./accounts.ts";
import { run, scratchOf, textOf, wantedBy } from "./call.ts";
import { readLock, wholeUrl, writeLock } from "./lock_file.ts";
import { type At, platformHere } from "./venv.ts";

/**
 * A lock to an environment. It is always made from nothing: these tools add to one that is there, and take nothing away. Their
 * own cache makes that cheap.
 */
export async function install(call: InstallCall, at: At): Promise<number> {
  const here = platformHere(at);
  const packages = readLock(textOf(call, at.lock)).get(here);
  if (packages === undefined) throw nothingFor(at, here);
  const { channels } = wantedBy(call, at);
  const prefix = `${call.root}/${at.directory}`;
  if (!call.fresh) call.files.removeTree(prefix);
  const own = packages.map((one) => ({
    ...one,
    url: withAccount(wholeUrl(call.root, one.url), channels),
  }));
  const text = writeLock(new Map([[here, own]]), `From ${at.lock}`);
  const file = `${scratchOf(call, at)}.txt`;
  // It may hold credentials, which nobody else is to read.
  call.files.write(file, new TextEncoder().encode(text), 0o600);
  try {
    return await run(call, at, ["create", "--yes", "--prefix", prefix, "--file", file]);
  } finally {
    call.files.remove(file);
  }
}

function nothingFor({ space, lock }: At, platform: string): QikError {
  const what = `"${lock}" has nothing for "${platform}"`;
  return new QikError({
    code: "dep-unreadable",
    message: `Cannot install the environment of the space "${space.name}": ${what}`,
    hint: `Add "${platform}" to the "platforms" of its venv`,
  });
}
