import type { Clock } from "../../sys/sys.ts";
import { reasonOf } from "../blobs.ts";
import type { LocalCache } from "../local.ts";
import { Budget } from "./budget.ts";
import { type Calls, RemoteOff } from "./calls.ts";
import { NO_KEY } from "./keys.ts";
import { recordName, writeRecord } from "./record.ts";
import type { Told } from "./told.ts";
import type { RemotePolicy } from "./trust.ts";
import { NotUploaded, type Uploads } from "./uploads.ts";

/** Where this run's record of a key stands. */
export function ownRecord({ scope, signKey }: RemotePolicy, key: string): string {
  return recordName(scope, key, signKey?.id ?? NO_KEY);
}

/** So many entries are sent at once. */
const ENTRIES = { calls: 64, bytes: Infinity };

/** What sending needs. */
export interface SendPorts {
  /** Of the remote, for messages. */
  readonly name: string;
  readonly calls: Calls;
  readonly local: LocalCache;
  readonly clock: Clock;
  readonly policy: RemotePolicy;
  readonly uploads: Uploads;
  /** Records that are there and may be replaced, because they are worth nothing. */
  readonly unusable: ReadonlySet<string>;
  /** How long the end of a run waits. */
  readonly waitMs: number;
  readonly told: Told;
}

/** Sends entries of the local store beside the run, each key once at a time. */
export class Sending {
  readonly #ports: SendPorts;
  readonly #budget = new Budget(ENTRIES);
  readonly #waiting = new Map<string, Promise<void>>();

  constructor(ports: SendPorts) {
    this.#ports = ports;
  }

  /** Never fails; what could not be sent is told. */
  start(key: string, task: string): void {
    const { policy, calls } = this.#ports;
    if (!policy.writes || calls.isOff("write") || this.#waiting.has(key)) return;
    const sent = this.#budget.within(0, () => this.#send(key))
      .catch((error) => this.#tellFailure(task, error))
      .finally(() => this.#waiting.delete(key));
    this.#waiting.set(key, sent);
  }

  /** Waits for all that is under way, within the limit, and tells what is left then. */
  async finish(stop: AbortSignal): Promise<void> {
    const { clock, waitMs, name, calls, told } = this.#ports;
    if (this.#waiting.size === 0) return;
    let cancel = () => {};
    const over = new Promise<"over">((resolve) => {
      cancel = clock.after(waitMs, () => resolve("over"));
      stop.addEventListener("abort", () => resolve("over"));
      if (stop.aborted) resolve("over");
    });
    await Promise.race([Promise.all([...this.#waiting.values()]), over]);
    cancel();
    const left = this.#waiting.size;
    if (left === 0 || calls.isOff("write")) return;
    const results = left === 1 ? "1 result" : `${left} results`;
    const message = `Did not upload ${results} to the remote cache "${name}": ` +
      (stop.aborted ? "the run was stopped" : `it took longer than ${waitMs} ms`);
    told.tell({ code: "remote-late", message });
  }

  /** Contents first, the record last: whoever finds the record finds all that it names. */
  async #send(key: string): Promise<void> {
    const { local, policy, clock, calls, uploads, unusable } = this.#ports;
    if (calls.isOff("write")) throw new RemoteOff();
    const { scope, signKey } = policy;
    const name = ownRecord(policy, key);
    const entry = local.entry(key);
    if (entry === undefined) {
      throw new NotUploaded("broken", "it is not in the local store any more");
    }
    const contents = await uploads.contents(entry);
    const { origin: _, ...manifest } = entry.manifest;
    const producer = { at: clock.now(), ...policy.producer };
    const bytes = await writeRecord({ name, key, scope, producer, manifest, ...contents }, signKey);
    if (bytes === undefined) throw new NotUploaded("large", "its record is too long");
    const replace = unusable.has(name);
    await calls.call(
      "write",
      bytes.length,
      (store, call) => store.put(name, bytes, { ...call, replace }),
    );
  }

  #tellFailure(task: string, error: unknown): void {
    if (error instanceof RemoteOff) return;
    const why = error instanceof NotUploaded ? error.why : "broken";
    const code = why === "secret" ? "remote-secret" : "remote-kept-back";
    const { name, told } = this.#ports;
    const message = `Did not upload "${task}" to the remote cache "${name}": ${reasonOf(error)}`;
    told.tell({ code, message }, `${code} ${why}`);
  }
}
