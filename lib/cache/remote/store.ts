import { concat } from "../../base/bytes.ts";
import type { Files } from "../../sys/sys.ts";

/**
 * A place for objects that several machines share: all that a plugin has to bring for a remote cache.
 *
 * Objects are small (at most 4 MiB, see `MOST_OBJECT`), so a `put` is handed its bytes and needs no parts, and
 * a whole upload is repeated where one failed. Time limits, repetition, caps on what is read, verification and
 * trust are the caller's: a store speaks a protocol and knows credentials, nothing else.
 *
 * Every call throws a {@link StoreFault} where the store did not do what was asked. It must end when its signal
 * is aborted.
 */
export interface ObjectStore {
  /** Where it is, for messages: `s3://bucket/prefix`. Without credentials. */
  readonly place: string;
  /** Secret texts that it knows: nothing that contains one is stored or shown. May grow. */
  readonly secrets?: readonly string[];
  /** The object's bytes as they come, or `undefined` where there is none. */
  get(name: string, call: StoreCall): Promise<ReadableStream<Uint8Array> | undefined>;
  /** Which of these objects (at most 64) are there. */
  has(names: readonly string[], call: StoreCall): Promise<ReadonlySet<string>>;
  /**
   * Stores an object, whole or not at all.
   *
   * @param replace False: an object that is there stays, by the store's own condition where it has one.
   */
  put(
    name: string,
    bytes: Uint8Array<ArrayBuffer>,
    call: StoreCall & { readonly replace: boolean },
  ): Promise<"stored" | "exists">;
  /** Objects whose names start with the prefix, in any order. Missing where the protocol has no such call. */
  list?(prefix: string, call: StoreCall): AsyncIterable<ListedObject>;
  /** Removes objects; no error where one is not there. Missing where the protocol has no such call. */
  remove?(names: readonly string[], call: StoreCall): Promise<void>;
}

/** What every call to a store is given. */
export interface StoreCall {
  /** Aborted when the call has taken too long, or nobody wants its answer any more: it has to end then. */
  readonly signal: AbortSignal;
}

/** An object as a list tells it. */
export interface ListedObject {
  /** Whole, with the prefix that was asked for. */
  readonly name: string;
  /** Bytes as stored. */
  readonly size: number;
  /** Milliseconds since the epoch when it was stored. */
  readonly storedAt: number;
}

/** No object is larger; what is larger was not written by qik. Large contents are stored in pieces. */
export const MOST_OBJECT = 1 << 22;

/**
 * What went wrong with a call, in the words that decide what happens next.
 *
 * - `busy`: the server answered, but not now (429, 5xx): asked again, and then the remote is off for this run.
 * - `unreachable`: no answer, or one that broke off: the same.
 * - `denied`: these credentials may not (401, 403): reading or writing is off for this run, at once.
 * - `odd`: an answer that makes no sense (a page of HTML, a redirect): like `unreachable`, but not asked again.
 */
export type FaultKind = "busy" | "unreachable" | "denied" | "odd";

/** Thrown by stores; its message says what happened, without credentials. */
export class StoreFault extends Error {
  override readonly name = "StoreFault";

  /** `retryAfterMs`: when the server wants to be asked again. */
  constructor(
    readonly kind: FaultKind,
    message: string,
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * The fault that an HTTP answer stands for, whatever was asked.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { faultOfStatus } from "./store.ts";
 * assert.equal(faultOfStatus(503, "2").retryAfterMs, 2000);
 * assert.equal(faultOfStatus(403).kind, "denied");
 * ```
 */
export function faultOfStatus(status: number, retryAfter?: string | null, more = ""): StoreFault {
  const isRedirect = status >= 300 && status < 400;
  const why = more === "" && isRedirect ? "redirects are not followed" : more;
  const detail = `the server answered ${status}${why === "" ? "" : ` (${why})`}`;
  if (status === 401 || status === 403) return new StoreFault("denied", detail);
  if (status === 429 || status === 408 || status >= 500) {
    const seconds = Number(retryAfter ?? NaN);
    return new StoreFault("busy", detail, seconds >= 0 ? seconds * 1000 : undefined);
  }
  return new StoreFault("odd", detail);
}

/** Reads a whole answer, never more than `most` bytes of it. */
export async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  most = 2 * MOST_OBJECT,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.length;
    if (size > most) throw new StoreFault("odd", "the server's answer is too long");
    parts.push(part);
  }
  return concat(parts);
}

/** As {@link readBytes}, as text: a token, a list of names. */
export async function readText(body: ReadableStream<Uint8Array> | null): Promise<string> {
  return new TextDecoder().decode(await readBytes(body));
}

/** A file's text, such as one with credentials; `undefined` where it is not there or cannot be read. */
export function readFileText(
  { files }: { readonly files: Pick<Files, "read"> },
  path: string,
): string | undefined {
  try {
    const bytes = files.read(path);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * What all names of a store begin with that keeps them below a prefix of a bucket: nothing, or a text with a slash at
 * its end.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { startOfNames } from "./store.ts";
 * assert.equal(startOfNames("/team/qik/"), "team/qik/");
 * assert.equal(startOfNames(undefined), "");
 * ```
 */
export function startOfNames(prefix = ""): string {
  const inner = prefix.replace(/^\/+|\/+$/g, "");
  return inner === "" ? "" : `${inner}/`;
}

/**
 * {@link startOfNames} of the `prefix` in a store's settings.
 *
 * @throws {QikError} For a part that gets lost in addresses: `..` would lead into another bucket.
 */
export function startOfPrefix({ settings: { prefix }, bad }: {
  readonly settings: { readonly prefix?: string | undefined };
  readonly bad: (key: string, why: string, hint?: string) => Error;
}): string {
  const start = startOfNames(prefix);
  const parts = start.split("/").slice(0, -1);
  if (!parts.some((part) => ["", ".", ".."].includes(part))) return start;
  const why = `"${prefix}" has a part that is empty, "." or ".."`;
  throw bad("prefix", why, "Write names with / between them, such as team/qik");
}
