import type { Problem } from "../base/problems.ts";
import type { RemoteCache } from "../cache/remote/remote.ts";
import type { Reporter } from "../events/events.ts";
import type { Task } from "../plan/types.ts";
import type { RemotesRequest } from "./open_remote.ts";

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
    const late = new LateRemote(name, async () => {
      const { openRemote } = await import("./open_remote.ts");
      return await openRemote(this.#request, config, type, tell);
    });
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

  /** Asked about what was looked up before, and so opened. */
  has(key: string): boolean {
    return this.#opened?.has?.(key) === true;
  }

  async put(result: Parameters<RemoteCache["put"]>[0]) {
    return await (await this.open()).put(result);
  }

  async disown(wrong: Parameters<NonNullable<RemoteCache["disown"]>>[0]) {
    return await (await this.open()).disown?.(wrong);
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
