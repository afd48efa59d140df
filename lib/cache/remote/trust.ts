import { type Place, type Problem, QikError } from "../../base/problems.ts";
import { errorCode } from "../../sys/sys.ts";
import type { CiRun } from "./ci.ts";
import type { Producer } from "../cache.ts";
import { type AcceptKey, readAcceptKey, readSignKey, SECRET, type SignKey } from "./keys.ts";

export type RemoteMode = "read-write" | "read-only" | "write-only" | "off";

/** What this run may do with a remote, already decided. */
export interface RemotePolicy {
  readonly reads: boolean;
  readonly writes: boolean;
  /** Where this run's entries go. */
  readonly scope: string;
  /** Where entries are looked for, the first that has one wins. */
  readonly readScopes: readonly string[];
  readonly signKey?: SignKey | undefined;
  /** Unset: entries need no signature. Empty: none is used. */
  readonly acceptKeys?: readonly AcceptKey[] | undefined;
  /** So many different accepted keys must have signed a result alike, and what is kept here does not count. */
  readonly signers?: 1 | 2 | undefined;
  readonly producer: Omit<Producer, "at">;
  /** What its user should know about the above. */
  readonly doubts?: readonly Problem[];
}

/** Scope of a remote that names none. */
const SHARED = "shared";

/** What the settings of a remote say about trust, templates filled in; empty texts count as unset. */
export interface TrustSettings {
  readonly mode?: string | undefined;
  readonly scope?: string | undefined;
  readonly readScopes?: readonly string[] | undefined;
  /** Empty, and not unset, where it is written but has no value in this run. */
  readonly signKey?: string | undefined;
  readonly acceptKeys?: readonly string[] | undefined;
}

export interface TrustRequest {
  /** Name in `[caches]`, for messages. */
  readonly name: string;
  readonly settings: TrustSettings;
  /** Where a setting of this cache stands, for problems. */
  readonly at?: (key: string) => Place;
  /** Scopes that the configuration names for every run, whatever the environment says: none of them is a pull request's own. */
  readonly commonScopes?: readonly string[];
  readonly ci: CiRun;
  /** `QIK_TRUST`: the keys to accept, with commas between them, or `any`; whatever the configuration says. */
  readonly trust?: string | undefined;
  /**
   * `accept-keys` as the protected branch has them, for a pull request; `unknown` where it cannot be read, `absent` where
   * it has no such cache.
   */
  readonly protectedKeys?: () => Promise<readonly string[] | undefined | "unknown" | "absent">;
  /** What `--cache-trust` asks for; see {@link RemotePolicy.signers}. */
  readonly signers?: 1 | 2 | undefined;
  /** Reads a file that a key is kept in. */
  readonly readFile: (path: string) => Uint8Array | undefined;
  readonly qik: string;
  readonly arch: string;
}

/**
 * Decides what this run may do with a remote, safe where nothing is said.
 *
 * - `mode` unset: a pull request from a fork only reads; so does any other pull request without a scope of its
 *   own, because what it wrote would be read by the trusted branches.
 * - The keys to accept never come from the tree of a pull request: they are those of `QIK_TRUST`, else those of
 *   the configuration on the branch that it is to be merged into. Where that cannot be read, no entry is used.
 * - Where signatures are asked for and there is no key to sign with, nothing is written: nobody would use it.
 *
 * @throws {QikError} `config-bad-value` for a mode, scope or key that is none.
 */
export async function remotePolicy(request: TrustRequest): Promise<RemotePolicy> {
  const { settings, ci, qik, arch } = request;
  const scope = checkScope(request, "scope", filled(settings.scope) ?? SHARED);
  const readScopes = (settings.readScopes ?? [scope]).filter((one) => one !== "");
  for (const one of readScopes) checkScope(request, "read-scopes", one);
  const mode = modeOf(request);
  const { kind: _, base: __, ...told } = ci;
  const signKey = await signKeyOf(request);
  const { keys: acceptKeys, isUnknown = false, doubt } = await acceptKeysOf(request);
  const reads = mode === "read-write" || mode === "read-only";
  const mayWrite = mode === "read-write" || mode === "write-only";
  // Where it is unknown what is accepted, the tree under test says what it may be.
  const demanded = isUnknown ? settings.acceptKeys : acceptKeys;
  const isInVain = signKey === undefined && demanded !== undefined;
  return {
    reads,
    writes: mayWrite && !isInVain,
    scope,
    readScopes,
    signKey,
    acceptKeys: request.signers === undefined ? acceptKeys : acceptKeys ?? [],
    signers: request.signers,
    producer: { qik, arch, ...told },
    doubts: [
      ...(reads ? [tooFew(request, acceptKeys) ?? doubt ?? []].flat() : []),
      // Where nobody asked for writing, a machine without the key simply reads.
      ...(mayWrite && isInVain && filled(settings.mode) !== undefined ? [inVain(request)] : []),
    ],
  };
}

function modeOf(request: TrustRequest): RemoteMode {
  const { name, settings, ci, commonScopes = [] } = request;
  const mode = filled(settings.mode);
  if (mode === undefined) {
    const scope = filled(settings.scope) ?? SHARED;
    // What is named after the branch that it is for is that branch's.
    const isBase = ci.base !== undefined && `/${scope}`.endsWith(`/${ci.base}`);
    const isCommon = scope === SHARED || isBase || commonScopes.includes(scope);
    const doubtful = ci.kind === "fork" || (ci.kind === "pull-request" && isCommon);
    return doubtful ? "read-only" : "read-write";
  }
  if (["read-write", "read-only", "write-only", "off"].includes(mode)) return mode as RemoteMode;
  throw badSetting(
    request,
    "mode",
    `Cannot use the mode "${mode}" of the remote cache "${name}"`,
    "Write read-write, read-only, write-only or off",
  );
}

/** A scope is a path of plain names, so that none can reach into another. */
function checkScope(request: TrustRequest, key: "scope" | "read-scopes", scope: string): string {
  const parts = scope.split("/");
  const fine = scope.length <= 200 &&
    parts.every((part) => /^[A-Za-z0-9_@+=-][A-Za-z0-9._@+=-]*$/.test(part));
  if (fine) return scope;
  throw badSetting(
    request,
    key,
    `Cannot use the scope "${scope}" of the remote cache "${request.name}"`,
    "Write names of letters, digits and ._@+=- with / between them, such as pr/12",
  );
}

async function signKeyOf(request: TrustRequest) {
  const { name, settings } = request;
  const written = filled(settings.signKey);
  if (written === undefined) return undefined;
  const bytes = written.startsWith("/") ? keyFile(request, written) : undefined;
  const key = await readSignKey(bytes === undefined ? written : new TextDecoder().decode(bytes));
  if (key !== undefined) return key;
  // The text may be a secret with a typing error: it is not shown.
  throw badSetting(
    request,
    "sign-key",
    `Cannot use the sign-key of the remote cache "${name}": it is no secret key`,
    "Make one with: qik :cache keygen",
  );
}

function keyFile(request: TrustRequest, path: string): Uint8Array {
  const cannot = (why: string) =>
    badSetting(
      request,
      "sign-key",
      `Cannot read the sign-key of the remote cache "${request.name}": ${why}`,
      "Name a file that holds the secret key, and that can be read",
    );
  try {
    const bytes = request.readFile(path);
    if (bytes !== undefined) return bytes;
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw cannot(`the file "${path}" cannot be read (${code})`);
  }
  throw cannot(`no file "${path}"`);
}

/** Whose entries are used, and what is odd about that. */
interface Accepted {
  readonly keys: readonly AcceptKey[] | undefined;
  readonly isUnknown?: boolean;
  readonly doubt?: Problem;
}

async function acceptKeysOf(request: TrustRequest): Promise<Accepted> {
  const { settings, ci, trust, protectedKeys } = request;
  const given = filled(trust);
  const own = settings.acceptKeys?.some((text) => filled(text) !== undefined) ?? false;
  if (given === "any") {
    return own
      ? { keys: undefined, doubt: onlyUnsigned(request, 'QIK_TRUST is "any"', KEYS_HINT) }
      : { keys: undefined };
  }
  if (given !== undefined) return await readAll(request, given.split(","), "QIK_TRUST");
  const isPull = ci.kind === "pull-request" || ci.kind === "fork";
  const isProtected = isPull && protectedKeys !== undefined;
  const written = isProtected ? await protectedKeys() : settings.acceptKeys;
  const branch = `the branch ${ci.base === undefined ? "" : `"${ci.base}" `}`.trimEnd() +
    " that this pull request is for";
  if (written === "unknown" || written === "absent") {
    const doubt = written === "unknown"
      ? noneUsed(request, `the accept-keys of ${branch} cannot be read`)
      : noneUsed(request, `${branch} has no such cache`, NEW_HINT);
    return { keys: [], isUnknown: true, doubt };
  }
  if (written !== undefined) return await readAll(request, written, "accept-keys");
  if (isProtected && own) {
    const why = `${branch} has no accept-keys, and those of its own tree do not count`;
    return { keys: undefined, doubt: onlyUnsigned(request, why, BASE_HINT) };
  }
  if (settings.signKey !== undefined && filled(settings.signKey) === undefined) {
    const why = "it has a sign-key, which is not set here, and no accept-keys";
    return { keys: undefined, doubt: onlyUnsigned(request, why, PUBLIC_HINT) };
  }
  return { keys: undefined };
}

const KEYS_HINT = "Let QIK_TRUST name the public keys of those who sign";
const BASE_HINT = "Add accept-keys on that branch, or set QIK_TRUST";
const NEW_HINT = "Its entries count when that branch has it, or set QIK_TRUST";
const PUBLIC_HINT = "Write the public key of whoever signs into accept-keys";

function noneUsed({ name }: TrustRequest, why: string, hint?: string): Problem {
  const message = `Uses no entry of the remote cache "${name}": ${why}`;
  return { code: "remote-untrusted", message, ...(hint !== undefined && { hint }) };
}

function onlyUnsigned({ name }: TrustRequest, why: string, hint: string): Problem {
  const message = `Uses only entries without a signature of the remote cache "${name}": ${why}`;
  return { code: "remote-untrusted", message, hint };
}

/** Where `--cache-trust` asks for more keys than there are, nothing counts. */
function tooFew(
  request: TrustRequest,
  keys: readonly AcceptKey[] | undefined,
): Problem | undefined {
  const { signers } = request;
  if (signers === undefined || keys?.length === 0) return undefined;
  const count = new Set(keys?.map(({ id }) => id)).size;
  if (count >= signers) return undefined;
  const why = keys === undefined
    ? "--cache-trust asks for signatures, and no accept-keys say whose"
    : "--cache-trust asks for two signatures, and accept-keys name one key";
  return noneUsed(
    request,
    why,
    "Name the public keys of those who sign in accept-keys or QIK_TRUST",
  );
}

function inVain({ name }: TrustRequest): Problem {
  return {
    code: "remote-unsigned",
    message: `Uploads nothing to the remote cache "${name}": ` +
      "its accept-keys ask for signatures, and there is no sign-key",
  };
}

async function readAll(
  request: TrustRequest,
  texts: readonly string[],
  where: "accept-keys" | "QIK_TRUST",
): Promise<Accepted> {
  // A secret that is not there is no key. That nothing is left does not mean that anybody is trusted.
  const written = texts.filter((text) => filled(text) !== undefined);
  const keys = strictest(await Promise.all(written.map((text) => readOne(request, text, where))));
  if (keys.length > 0) return { keys };
  const why = `${where} names no key`;
  return { keys, doubt: noneUsed(request, why, where === "QIK_TRUST" ? KEYS_HINT : EMPTY_HINT) };
}

/** Each key once: where it is named with different times, the earliest holds. */
function strictest(keys: readonly AcceptKey[]): readonly AcceptKey[] {
  const byId = new Map<string, AcceptKey>();
  for (const key of keys) {
    const known = byId.get(key.id);
    const isStricter = (key.until ?? Infinity) < (known?.until ?? Infinity);
    if (known === undefined || isStricter) byId.set(key.id, key);
  }
  return [...byId.values()];
}

const EMPTY_HINT = "Name the public keys of those who sign, or remove accept-keys if nobody does";

async function readOne(
  request: TrustRequest,
  text: string,
  where: "accept-keys" | "QIK_TRUST",
): Promise<AcceptKey> {
  const key = await readAcceptKey(text);
  if (key !== undefined) return key;
  // Whoever mixed up the two kinds of keys should not find the secret one in a log.
  const isSecret = text.includes(SECRET);
  const what = isSecret ? "a key" : `"${text}"`;
  const why = isSecret ? "it is a secret key, not a public one" : "it is no public key";
  const message = `Cannot use ${what} in ${where} of the remote cache "${request.name}": ${why}`;
  const hint = "Write what qik :cache keygen prints, with or without: until 2027-01-31";
  if (where === "accept-keys") throw badSetting(request, where, message, hint);
  throw new QikError({ code: "config-bad-value", message, hint });
}

/** An optional secret of CI that is not there arrives as an empty text. */
function filled(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}

function badSetting({ at }: TrustRequest, key: string, message: string, hint?: string): QikError {
  return new QikError({
    code: "config-bad-value",
    message,
    ...(hint !== undefined && { hint }),
    ...(at !== undefined && { place: at(key) }),
  });
}
