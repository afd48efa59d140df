import { type Problem, QikError } from "../base/problems.ts";
import { VERSION } from "../base/version.ts";
import type { LocalCache } from "../cache/local.ts";
import type { CiRun } from "../cache/remote/ci.ts";
import type { RemoteInventory } from "../cache/remote/inventory.ts";
import type { RemoteCache } from "../cache/remote/remote.ts";
import type { ObjectStore } from "../cache/remote/store.ts";
import type { CacheConfig } from "../config/types.ts";
import type { RemoteSettings } from "../config/schema.ts";
import type { SplitSettings } from "../config/remote_schema.ts";
import type { Reporter } from "../events/events.ts";
import { fillJson } from "../plan/fill.ts";
import type { Task } from "../plan/types.ts";
import type { RemoteType } from "../plugin/api.ts";
import type { Sys } from "../sys/sys.ts";
import type { Project } from "./project.ts";

const TIMEOUT_MS = 10_000;
const UPLOAD_WAIT_MS = 60_000;
const MAX_ENTRY = 2e9;

export interface RemotesRequest {
  readonly sys: Sys;
  readonly project: Project;
  readonly local: LocalCache;
}

/**
 * The remote caches of a project. Nothing of them is loaded, and no server is asked, before a task that uses
 * one is looked up.
 */
export class Remotes {
  readonly #request: RemotesRequest;
  readonly #found = new Map<string, LateRemote>();
  readonly #problems: Problem[] = [];
  #listener: ((problem: Problem) => void) | undefined;

  constructor(request: RemotesRequest) {
    this.#request = request;
  }

  /** The remote of that name, or `undefined` where the name means another kind of cache. */
  find(name: string): RemoteCache | undefined {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const { plan, registry } = this.#request.project;
    const config = plan.config.caches.find((cache) => cache.name === name);
    const type = config && registry.remoteTypes.get(config.type);
    if (config === undefined || type === undefined) return undefined;
    const tell = (problem: Problem) => this.#tell(problem);
    const late = new LateRemote(name, () => openRemote(this.#request, config, type, tell));
    this.#found.set(name, late);
    return late;
  }

  /**
   * Opens the remotes that these tasks use.
   *
   * @throws {QikError} For settings that cannot be used.
   */
  async open(tasks: readonly Task[]): Promise<void> {
    for (const name of new Set(tasks.filter(({ cacheable }) => cacheable).map((t) => t.cache))) {
      this.find(name);
      await this.#found.get(name)?.open();
    }
  }

  /** Whether a server may be asked about any of these tasks. */
  areUsedBy(tasks: readonly Task[]): boolean {
    return tasks.some(({ cacheable, cache }) => cacheable && this.find(cache) !== undefined);
  }

  /** Has problems told, those from before first. */
  listen(listener: (problem: Problem) => void): void {
    this.#listener = listener;
    for (const problem of this.#problems.splice(0)) listener(problem);
  }

  /** Waits for what is under way; see {@link RemoteCache.finish}. */
  async finish(stop: AbortSignal): Promise<void> {
    await Promise.all([...this.#found.values()].map((remote) => remote.finish(stop)));
  }

  stop(): void {
    for (const remote of this.#found.values()) remote.stop();
  }

  #tell(problem: Problem): void {
    if (this.#listener === undefined) this.#problems.push(problem);
    else this.#listener(problem);
  }
}

/** Whoever presses Ctrl-C does not wait for a server. */
export function stopOnSignal(remotes: Remotes): Reporter {
  return {
    on(event) {
      if (event.type === "run-stopping" && event.because !== "fail-fast") remotes.stop();
    },
  };
}

/** A remote that is opened by its first use. */
class LateRemote implements RemoteCache {
  readonly name: string;
  readonly #start: () => Promise<RemoteCache>;
  #opening: Promise<RemoteCache> | undefined;
  #opened: RemoteCache | undefined;

  constructor(name: string, start: () => Promise<RemoteCache>) {
    this.name = name;
    this.#start = start;
  }

  open(): Promise<RemoteCache> {
    return this.#opening ??= this.#start().then((remote) => this.#opened = remote);
  }

  async get(key: string) {
    return await (await this.open()).get(key);
  }

  async put(result: Parameters<RemoteCache["put"]>[0]) {
    return await (await this.open()).put(result);
  }

  async kept(key: string) {
    return await (await this.open()).kept(key);
  }

  async expect(key: string, contents: boolean) {
    return await (await this.open()).expect(key, contents);
  }

  async finish(stop: AbortSignal): Promise<void> {
    await this.#opened?.finish(stop);
  }

  stop(): void {
    this.#opened?.stop();
  }
}

async function openRemote(
  { sys, project, local }: RemotesRequest,
  config: CacheConfig,
  type: RemoteType,
  tell: (problem: Problem) => void,
): Promise<RemoteCache> {
  const { openRemoteCache } = await import("../cache/remote/remote.ts");
  const { ciRun } = await import("../cache/remote/ci.ts");
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
      signKey: common["sign-key"],
      acceptKeys: common["accept-keys"],
    },
    ci,
    trust: env.QIK_TRUST,
    protectedKeys: () => keysOfBase(sys, project, ci, name),
    readFile: (path) => files.read(path),
    qik: VERSION,
    arch: machine.arch,
  });
  if (policy.reads && policy.acceptKeys?.length === 0) {
    const message = `Uses no entry of the remote cache "${name}": no key is known to be trusted`;
    tell({ code: "remote-untrusted", message });
  }
  const store = await openStore(sys, project, type, name, filled);
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
  const { RemoteInventory } = await import("../cache/remote/inventory.ts");
  const filled = filledSettings(project, config);
  const store = await openStore(sys, project, type, name, filled);
  const timeoutMs = filled.common.timeout ?? TIMEOUT_MS;
  return new RemoteInventory({ name, store, clock: sys.clock, timeoutMs });
}

/** Opens the place itself, and has what is secret about it masked from then on. */
async function openStore(
  { env, net, clock, files }: Sys,
  { paths, secrets }: Project,
  type: RemoteType,
  name: string,
  { common, own }: FilledSettings,
): Promise<ObjectStore> {
  const authorities = common["ca-file"]
    ? readAuthorities(files, paths.root, name, common["ca-file"])
    : undefined;
  const store = await type.open({
    name,
    settings: own as never,
    env,
    net: authorities === undefined ? net : net.trusting!(authorities),
    clock,
    files,
  });
  secrets.follow(() => store.secrets ?? []);
  return store;
}

function readAuthorities({ read }: Sys["files"], root: string, name: string, path: string): string {
  const bytes = read(path.startsWith("/") ? path : `${root}/${path}`);
  const text = new TextDecoder().decode(bytes);
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new QikError({
    code: "config-bad-value",
    message: `Cannot use the ca-file "${path}" of the remote cache "${name}": ${
      bytes === undefined ? "there is no such file" : "it holds no certificate in PEM"
    }`,
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
