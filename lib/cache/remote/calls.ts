import { concat } from "../../base/bytes.ts";
import { type Problem, QikError } from "../../base/problems.ts";
import type { Clock } from "../../sys/sys.ts";
import { reasonOf } from "../blobs.ts";
import { AwakeClock } from "./awake_clock.ts";
import { type ObjectStore, type StoreCall, StoreFault } from "./store.ts";

/** Tries after the first one, for what a server may do better a moment later. */
const AGAIN = 2;
const FIRST_PAUSE_MS = 100;

/** Besides the time limit every call gets this much time for each byte that it moves. */
const BYTES_PER_MS = 256;

export type Direction = "read" | "write";

/** The remote is off for the rest of the run; nobody waits for it any more, and nothing is said again. */
export class RemoteOff extends Error {
  override readonly name = "RemoteOff";
}

export interface CallsOptions {
  /** Name in `[caches]`. */
  readonly name: string;
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** No answer for this long, all tries together, turns the remote off. Counts while qik could have listened. */
  readonly timeoutMs: number;
  /** How long a remote that was turned off stays off, for messages. */
  readonly howLong?: string;
  readonly tell: (problem: Problem) => void;
}

/**
 * All calls to one store in one run: time limits, repetition and the circuit breaker.
 *
 * The first call that fails for good turns the remote off and ends all others that are under way, so that a
 * run waits for a dead server once and not once per task. What a server refuses (403) turns off only reading
 * or only writing. A server that answers, but slowly, is off when it has cost one time limit in all.
 */
export class Calls {
  readonly #options: CallsOptions;
  readonly #awake: AwakeClock;
  readonly #off = new Set<Direction>();
  readonly #running = new Map<AbortController, Direction>();
  /** Time that small calls took, each moment counted once however many were under way. */
  #slowMs = 0;
  #slowUntil = 0;
  #stopped = false;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#awake = new AwakeClock(options.clock);
  }

  isOff(direction: Direction): boolean {
    return this.#stopped || this.#off.has(direction);
  }

  /** Ends everything without a word: the run was interrupted, or its time for uploads is over. */
  stop(): void {
    this.#stopped = true;
    this.#abort(["read", "write"]);
  }

  /** Turns a direction off; the caller has told why. */
  giveUp(direction: Direction): void {
    this.#off.add(direction);
    this.#abort([direction]);
  }

  /** The bytes of an object; `undefined` where there is none. Larger ones than `most` are a fault. */
  read(name: string, most: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.call("read", 0, async (store, call, moved) => {
      const body = await store.get(name, call);
      return body === undefined ? undefined : await readBody(body, most, moved);
    });
  }

  /**
   * Makes one call.
   *
   * @param bytes So many are sent, which gives it more time.
   * @throws {RemoteOff} Where the direction is off, or was turned off by this very call.
   * @throws {Oversized} Where the answer is larger than anything qik writes.
   */
  async call<T>(
    direction: Direction,
    bytes: number,
    action: (store: ObjectStore, call: StoreCall, moved: (bytes: number) => void) => Promise<T>,
  ): Promise<T> {
    const release = this.#awake.keep();
    try {
      return await this.#tries(direction, bytes, action);
    } finally {
      release();
    }
  }

  async #tries<T>(
    direction: Direction,
    bytes: number,
    action: (store: ObjectStore, call: StoreCall, moved: (bytes: number) => void) => Promise<T>,
  ): Promise<T> {
    const started = this.#now();
    for (let tries = 0;; tries += 1) {
      if (this.isOff(direction)) throw new RemoteOff();
      try {
        const done = await this.#within(direction, started, bytes, action);
        this.#noteSlow(started, direction, bytes);
        return done;
      } catch (error) {
        if (this.isOff(direction)) throw new RemoteOff();
        // Neither is a failure of the server.
        if (error instanceof Oversized || error instanceof QikError) throw error;
        const pause = this.#pauseAfter(error, tries, started);
        if (pause === undefined) throw this.#turnOff(direction, error);
        await this.#sleep(pause);
      }
    }
  }

  /** One try, ended by its limit, by the breaker, or by itself. */
  #within<T>(
    direction: Direction,
    started: number,
    bytes: number,
    action: (store: ObjectStore, call: StoreCall, moved: (bytes: number) => void) => Promise<T>,
  ): Promise<T> {
    const { clock, store, timeoutMs } = this.#options;
    const control = new AbortController();
    let moved = bytes;
    let cancel = () => {};
    this.#running.set(control, direction);
    const limit = new Promise<never>((_, reject) => {
      control.signal.addEventListener("abort", () => reject(control.signal.reason));
      const check = () => {
        const left = started + timeoutMs + moved / BYTES_PER_MS - this.#now();
        if (left <= 0) control.abort(new TimedOut(timeoutMs));
        else cancel = clock.after(Math.ceil(left), check);
      };
      check();
    });
    const work = async () =>
      await action(store, { signal: control.signal }, (more) => void (moved += more));
    // A store that does not listen to its signal must not keep the run waiting.
    return Promise.race([work(), limit]).finally(() => {
      cancel();
      this.#running.delete(control);
    });
  }

  /** How long to wait before the next try, or `undefined` where there is none. */
  #pauseAfter(error: unknown, tries: number, started: number): number | undefined {
    if (error instanceof TimedOut || tries >= AGAIN) return undefined;
    const fault = error instanceof StoreFault ? error : undefined;
    if (fault?.kind === "denied" || fault?.kind === "odd") return undefined;
    const chance = crypto.getRandomValues(new Uint8Array(1))[0]! / 255;
    const pause = Math.max(fault?.retryAfterMs ?? 0, FIRST_PAUSE_MS * 4 ** tries * (1 + chance));
    return this.#now() + pause < started + this.#options.timeoutMs ? pause : undefined;
  }

  #turnOff(direction: Direction, error: unknown): RemoteOff {
    const denied = error instanceof StoreFault && error.kind === "denied";
    const both: Direction[] = denied ? [direction] : ["read", "write"];
    for (const one of both) this.#off.add(one);
    const { name, store, howLong = " for the rest of this run" } = this.#options;
    const where = `the remote cache "${name}" (${store.place})`;
    const verb = !denied
      ? "Cannot use"
      : direction === "read"
      ? "May not read"
      : "May not write to";
    this.#options.tell({
      code: denied ? "remote-denied" : "remote-off",
      message: `${verb} ${where}${howLong}: ${detailOf(error)}`,
    });
    this.#abort(both);
    return new RemoteOff();
  }

  #abort(directions: readonly Direction[]): void {
    for (const [control, direction] of this.#running) {
      if (directions.includes(direction)) control.abort(new RemoteOff());
    }
  }

  /** Waiting counts only for reads: uploads happen beside the run. */
  #noteSlow(started: number, direction: Direction, bytes: number): void {
    const { timeoutMs } = this.#options;
    const now = this.#now();
    if (direction === "write" || bytes > 0 || now - started < timeoutMs / 4) return;
    this.#slowMs += Math.max(0, now - Math.max(started, this.#slowUntil));
    this.#slowUntil = now;
    if (this.#slowMs > timeoutMs) {
      this.#turnOff("read", new Error(`its answers took ${Math.round(this.#slowMs)} ms in all`));
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(ms, resolve));
  }

  #now(): number {
    return this.#awake.now();
  }
}

class TimedOut extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

/** Reads a body that anybody may have written, never more than `most` bytes of it. */
async function readBody(
  body: ReadableStream<Uint8Array>,
  most: number,
  moved: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > most) throw new Oversized();
    moved(part.length);
    parts.push(part);
  }
  return concat(parts);
}

/** An object that qik did not write: the entry is a miss, the store itself may be fine. */
export class Oversized extends Error {
  override readonly name = "Oversized";
}

/** What the runtimes say in different words, in ours. */
const NETWORK: readonly (readonly [RegExp, string])[] = [
  [/refused/i, "connection refused"],
  [/InvalidContentType|Does the server speak TLS|EPROTO/, "it does not speak TLS"],
  [/(certificate|CERT).*expired/i, "its certificate has expired"],
  [/(certificate|CERT).*not.?(yet.?valid|valid.?yet)/i, "its certificate is not valid yet"],
  [/not valid for name|ALTNAME/i, "its certificate is that of another host"],
  [
    /UnknownIssuer|UNABLE_TO|SELF_SIGNED|self.signed/i,
    "nobody who is known here vouches for its certificate (see ca-file)",
  ],
  [/certificate|CERT_|\bTLS\b|\bSSL\b/i, "its certificate is not accepted"],
  [/dns|ENOTFOUND|EAI_AGAIN|lookup|getaddrinfo/i, "its name cannot be resolved"],
  [/redirect/i, "it redirects, which is not followed"],
  [/reset|closed|\bEOF\b|incomplete|terminated|unexpected end/i, "the connection broke off"],
  [/unable to connect|tcp connect/i, "no connection"],
];

/** What went wrong in one line; the address is left out, because it may hold more than its reader should see. */
function detailOf(error: unknown): string {
  if (error instanceof StoreFault || error instanceof TimedOut) return reasonOf(error);
  const words: string[] = [];
  for (let at = error; at instanceof Error && words.length < 8; at = at.cause) {
    words.push(at.message, String((at as { readonly code?: unknown }).code ?? ""));
  }
  const text = words.join(" ");
  const known = NETWORK.find(([pattern]) => pattern.test(text));
  return known?.[1] ?? reasonOf(error).replaceAll(/https?:\/\/\S+/g, "…");
}
