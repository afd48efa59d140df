import { type Place, type Problem, QikError } from "../base/problems.ts";
import { VERSION } from "../base/version.ts";
import { type CiRun, ciRun } from "../cache/remote/ci.ts";
import type { RemoteInventory } from "../cache/remote/inventory.ts";
import type { RemoteCache } from "../cache/remote/remote.ts";
import type { LocalCache } from "../cache/local.ts";
import type { ObjectStore } from "../cache/remote/store.ts";
import { ctxValues } from "../config/ctx.ts";
import type { RemoteSettings } from "../config/schema.ts";
import type { SplitSettings } from "../config/remote_schema.ts";
import type { CacheConfig } from "../config/types.ts";
import { fillJson } from "../plan/fill.ts";
import type { RemoteType } from "../plugin/api.ts";
import { errorCode, type Sys } from "../sys/sys.ts";
import { fillerOf } from "./filler.ts";
import { withLines } from "./lines.ts";
import type { Project } from "./project.ts";

/** What remotes of a project are opened from. */
export interface RemotesRequest {
  readonly sys: Sys;
  readonly project: Project;
  readonly local: LocalCache;
}

const TIMEOUT_MS = 10_000;
const UPLOAD_WAIT_MS = 60_000;
const MAX_ENTRY = 2e9;

/**
 * Opens a remote cache as `qik.toml`, the environment and CI say. Asks no server.
 *
 * @param tell Told each kind of problem once.
 * @throws {QikError} For settings that cannot be used.
 */
export async function openRemote(
  request: RemotesRequest,
  config: CacheConfig,
  type: RemoteType,
  tell: (problem: Problem) => void,
): Promise<RemoteCache> {
  return await placed(request, config, () => open(request, config, type, tell));
}

async function open(
  { sys, project, local }: RemotesRequest,
  config: CacheConfig,
  type: RemoteType,
  tell: (problem: Problem) => void,
): Promise<RemoteCache> {
  const { openRemoteCache } = await import("../cache/remote/remote.ts");
  const { remotePolicy } = await import("../cache/remote/trust.ts");
  const { files, clock, env, machine } = sys;
  const { name } = config;
  const filled = filledSettings(project, config);
  const { common } = filled;
  const ci = ciRun(env, files);
  const policy = await remotePolicy({
    name,
    settings: {
      mode: common.mode,
      scope: common.scope,
      readScopes: common["read-scopes"],
      signKey: common["sign-key"] ?? ("sign-key" in commonOf(config) ? "" : undefined),
      acceptKeys: common["accept-keys"],
    },
    at: (key) => placeOf(config, key),
    commonScopes: commonScopes(project, config),
    ci,
    trust: env.QIK_TRUST,
    signers: project.settings.signers,
    protectedKeys: () => keysOfBase(sys, project, ci, name),
    readFile: (path) => files.read(path),
    qik: VERSION,
    arch: machine.arch,
  });
  for (const doubt of policy.doubts ?? []) tell(doubt);
  const store = await openStore(sys, project, type, config, filled);
  const { signKey } = policy;
  if (signKey !== undefined) project.secrets.follow(() => [signKey.secret]);
  return openRemoteCache({
    name,
    store,
    local,
    files,
    clock,
    temporary: `${project.paths.cacheDir}/v1/tmp`,
    policy,
    timeoutMs: common.timeout ?? TIMEOUT_MS,
    uploadWaitMs: common["upload-wait"] ?? UPLOAD_WAIT_MS,
    maxEntry: common["max-entry-size"] ?? MAX_ENTRY,
    tell,
  });
}

/**
 * What is in the remote cache of that name, for people; `undefined` where the name means another kind of cache.
 *
 * @throws {QikError} For settings that cannot be used.
 */
export async function openInventory(
  sys: Sys,
  project: Project,
  name: string,
): Promise<RemoteInventory | undefined> {
  const config = project.plan.config.caches.find((cache) => cache.name === name);
  const type = config && project.registry.remoteTypes.get(config.type);
  if (config === undefined || type === undefined) return undefined;
  return await placed({ sys, project }, config, async () => {
    const { RemoteInventory } = await import("../cache/remote/inventory.ts");
    const filled = filledSettings(project, config);
    const store = await openStore(sys, project, type, config, filled);
    const timeoutMs = filled.common.timeout ?? TIMEOUT_MS;
    return new RemoteInventory({ name, store, clock: sys.clock, timeoutMs });
  });
}

/** Has errors about the settings say where in its file they stand. */
async function placed<T>(
  { sys, project }: Pick<RemotesRequest, "sys" | "project">,
  { place }: CacheConfig,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof QikError)) throw error;
    const problems = error.problems.map((problem) => ({ place, ...problem }));
    throw await withLines(new QikError(problems, { cause: error }), sys, project.paths.root);
  }
}

function placeOf({ place }: CacheConfig, key: string): Place {
  return { ...place, path: `${place.path}.${key}` };
}

/** The settings that all remotes have, as they are written. */
function commonOf({ settings }: CacheConfig): Readonly<Record<string, unknown>> {
  return (settings as unknown as SplitSettings<unknown>).common as Record<string, unknown>;
}

/** What `scope` and `read-scopes` are where no variable of the environment is set: the same for everybody. */
function commonScopes(
  { plan: { config }, filler: today }: Project,
  cache: CacheConfig,
): readonly string[] {
  const [space] = config.spaces;
  const { variable } = ctxValues({ variables: config.ctx, env: {}, runtime: new Map() });
  // What qik itself says of a run (its platform, say) does not make a scope somebody's own.
  const runtime = (name: string) => ({ value: today.fillSpace(`{ctx.qik.${name}}`, space!) });
  const filler = fillerOf({ variable, runtime });
  const { scope, "read-scopes": readScopes = [] } = commonOf(cache) as RemoteSettings;
  return [scope ?? "", ...readScopes].flatMap((text) => {
    try {
      return filler.fillSpace(text, space!, cache.place) ?? [];
    } catch (error) {
      // A variable that has no value by itself: then the environment decides.
      if (error instanceof QikError) return [];
      throw error;
    }
  });
}

/** Opens the place itself, and has what is secret about it masked from then on. */
async function openStore(
  { env, net, clock, files }: Sys,
  { paths, secrets }: Project,
  type: RemoteType,
  config: CacheConfig,
  { common, own }: FilledSettings,
): Promise<ObjectStore> {
  const { name } = config;
  const authorities = common["ca-file"]
    ? readAuthorities(files, paths.root, config, common["ca-file"])
    : undefined;
  const store = await type.open({
    name,
    settings: own as never,
    bad: (key, why, hint) => badSetting(config, key, why, hint),
    env,
    net: authorities === undefined ? net : net.trusting!(authorities),
    clock,
    files,
  });
  secrets.follow(() => store.secrets ?? []);
  return store;
}

function readAuthorities(
  files: Sys["files"],
  root: string,
  config: CacheConfig,
  path: string,
): string {
  const cannot = (why: string) => badSetting(config, "ca-file", `"${path}": ${why}`);
  let bytes: Uint8Array | undefined;
  try {
    bytes = files.read(path.startsWith("/") ? path : `${root}/${path}`);
  } catch (error) {
    const code = errorCode(error);
    throw code === undefined ? error : cannot(`it cannot be read (${code})`);
  }
  const text = new TextDecoder().decode(bytes);
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw cannot(bytes === undefined ? "there is no such file" : "it holds no certificate in PEM");
}

/** `why` tells the value where it is no secret. */
function badSetting(config: CacheConfig, key: string, why: string, hint?: string): QikError {
  return new QikError({
    code: "config-bad-value",
    message: `Cannot use the ${key.split(".")[0]} of the remote cache "${config.name}": ${why}`,
    ...(hint !== undefined && { hint }),
    place: placeOf(config, key),
  });
}

async function keysOfBase(sys: Sys, project: Project, ci: CiRun, name: string) {
  const { protectedKeys } = await import("./protected_keys.ts");
  return await protectedKeys(sys, project, ci, name);
}

/** Settings with their templates filled in: qik's, and those of the type. */
interface FilledSettings {
  readonly common: RemoteSettings;
  readonly own: unknown;
}

function filledSettings(
  { plan, filler }: Project,
  { settings, place }: CacheConfig,
): FilledSettings {
  const [space] = plan.config.spaces;
  const filled = fillJson(settings, (text) => filler.fillSpace(text, space!, place));
  const { common, own } = filled as unknown as SplitSettings<unknown>;
  return { common: common as RemoteSettings, own };
}
