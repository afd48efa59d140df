import type { ObjectStore } from "../../../lib/cache/remote/store.ts";

/** A store in memory, whose objects tests look at and change. */
export class MemoryStore implements ObjectStore {
  readonly place = "memory://store";
  readonly objects = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Calls so far, by name. */
  readonly calls: string[] = [];
  /** Awaited before each call; a promise that never ends is a process that was killed. */
  before: (call: string, name: string) => Promise<void> | void = () => {};

  async get(name: string) {
    await this.#note("get", name);
    const kept = this.objects.get(name);
    return kept === undefined ? undefined : new Response(kept).body!;
  }

  async has(names: readonly string[]) {
    await this.#note("has", names.join(" "));
    return new Set(names.filter((name) => this.objects.has(name)));
  }

  async put(
    name: string,
    bytes: Uint8Array<ArrayBuffer>,
    { replace }: { readonly replace: boolean },
  ): Promise<"stored" | "exists"> {
    await this.#note("put", name);
    if (!replace && this.objects.has(name)) return "exists";
    this.objects.set(name, bytes.slice());
    return "stored";
  }

  async *list(prefix: string) {
    await this.#note("list", prefix);
    for (const [name, bytes] of this.objects) {
      if (name.startsWith(prefix)) yield { name, size: bytes.length, storedAt: 1 };
    }
  }

  async remove(names: readonly string[]): Promise<void> {
    await this.#note("remove", names.join(" "));
    for (const name of names) this.objects.delete(name);
  }

  async #note(call: string, name: string): Promise<void> {
    this.calls.push(`${call} ${name}`);
    await this.before(call, name);
  }

  /** Names of objects below a prefix. */
  names(prefix: string): string[] {
    return [...this.objects.keys()].filter((name) => name.startsWith(prefix));
  }
}
