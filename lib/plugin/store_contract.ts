import assert from "node:assert/strict";
import { sha256 } from "../sys/digest.ts";
import { pieceName, recordName } from "../cache/remote/record.ts";
import { MOST_OBJECT, type ObjectStore, readBytes } from "../cache/remote/store.ts";

/** One thing that every store of objects must do; `run` throws where this one does not. */
export interface StoreCheck {
  readonly name: string;
  run(store: ObjectStore): Promise<void>;
}

/** A store as the checks use it. */
class Subject {
  readonly #signal = new AbortController().signal;

  constructor(readonly store: ObjectStore) {}

  put(name: string, bytes: Uint8Array<ArrayBuffer>, replace = false) {
    return this.store.put(name, bytes, { signal: this.#signal, replace });
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const body = await this.store.get(name, { signal: this.#signal });
    return body === undefined ? undefined : await readBytes(body);
  }

  has(...names: string[]) {
    return this.store.has(names, { signal: this.#signal });
  }

  async list(prefix: string): Promise<string[]> {
    const names: string[] = [];
    for await (
      const { name, size, storedAt } of this.store.list!(prefix, { signal: this.#signal })
    ) {
      assert.ok(size >= 0 && Number.isFinite(storedAt), `${name} has neither size nor time`);
      names.push(name);
    }
    return names.sort();
  }

  async remove(...names: string[]): Promise<void> {
    await this.store.remove!(names, { signal: this.#signal });
  }
}

/** Names like those that qik makes, new for every check so that a store need not be empty. */
function names() {
  const key = sha256(crypto.getRandomValues(new Uint8Array(16)));
  const scope = `contract-${key.slice(0, 8)}/pr_1+a@b=c`;
  return { scope, key, record: recordName(scope, key, "0") };
}

/** A piece is named by the digest of its bytes: some servers check that. */
function piece(size: number) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, Math.min(size, at + 65_536)));
  }
  return { name: pieceName(sha256(bytes)), bytes };
}

const check = (name: string, run: (subject: Subject) => Promise<void>): StoreCheck => ({
  name,
  run: (store) => run(new Subject(store)),
});

/**
 * What every store of objects must do, for the tests of plugins. Each check stands alone and leaves objects behind.
 * Checks of `list` and `remove` are part of it only where the store has them.
 *
 * ```ts ignore
 * for (const { name, run } of storeContract({ lists: true })) Deno.test(name, () => run(open()));
 * ```
 */
export function storeContract({ lists }: { readonly lists: boolean }): readonly StoreCheck[] {
  return lists ? [...CHECKS, ...LISTING] : CHECKS;
}

const CHECKS: readonly StoreCheck[] = [
  check("what is not there is absent, without a failure", async (subject) => {
    const { record } = names();
    assert.equal(await subject.get(record), undefined);
    assert.equal((await subject.has(record, piece(3).name)).size, 0);
  }),
  check("every byte comes back, of records and of pieces", async (subject) => {
    const { record } = names();
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
    assert.equal(await subject.put(record, bytes), "stored");
    assert.deepEqual(await subject.get(record), bytes);
    const one = piece(100_000);
    assert.equal(await subject.put(one.name, one.bytes), "stored");
    assert.deepEqual(await subject.get(one.name), one.bytes);
  }),
  check("the largest object is taken", async (subject) => {
    const { name, bytes } = piece(MOST_OBJECT);
    await subject.put(name, bytes);
    assert.deepEqual(await subject.get(name), bytes);
  }),
  check("what is there stays, unless it is to be replaced", async (subject) => {
    const { record } = names();
    await subject.put(record, Uint8Array.of(1));
    assert.equal(await subject.put(record, Uint8Array.of(2)), "exists");
    assert.deepEqual(await subject.get(record), Uint8Array.of(1));
    assert.equal(await subject.put(record, Uint8Array.of(3), true), "stored");
    assert.deepEqual(await subject.get(record), Uint8Array.of(3));
  }),
  check("has tells those that are there from the others", async (subject) => {
    const [one, two] = [piece(10), piece(10)];
    await subject.put(one.name, one.bytes);
    assert.deepEqual([...await subject.has(one.name, two.name)], [one.name]);
  }),
  check("a call ends when its signal is aborted", async ({ store }) => {
    const { record } = names();
    const signal = AbortSignal.abort();
    await assert.rejects(store.get(record, { signal }));
    await assert.rejects(store.put(record, Uint8Array.of(1), { signal, replace: false }));
  }),
  check("scopes do not see each other", async (subject) => {
    const { key, scope, record } = names();
    await subject.put(record, Uint8Array.of(1));
    for (const other of [`${scope}/x`, scope.split("/")[0]!, "trusted/main"]) {
      assert.equal(await subject.get(recordName(other, key, "0")), undefined);
    }
  }),
];

const LISTING: readonly StoreCheck[] = [
  check("a list holds what begins with the prefix, and nothing else", async (subject) => {
    const { scope, record } = names();
    const other = recordName(`${scope}-other`, "0f", "0");
    await subject.put(record, Uint8Array.of(1));
    await subject.put(other, Uint8Array.of(1));
    assert.deepEqual(await subject.list(`v1/rec/${scope}/`), [record]);
  }),
  check("removing what is there and what is not", async (subject) => {
    const { scope, record } = names();
    await subject.put(record, Uint8Array.of(1));
    await subject.remove(record, recordName(scope, "0f", "0"));
    assert.equal(await subject.get(record), undefined);
    assert.deepEqual(await subject.list(`v1/rec/${scope}/`), []);
  }),
];
