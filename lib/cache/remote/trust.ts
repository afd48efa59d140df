import { QikError } from "../../base/problems.ts";
import type { CiRun } from "./ci.ts";
import type { Producer } from "../cache.ts";
import { type AcceptKey, readAcceptKey, readSignKey, type SignKey } from "./keys.ts";

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
  readonly producer: Omit<Producer, "at">;
}

/** Scope of a remote that names none. */
export const SHARED = "shared";

/** What the settings of a remote say about trust, templates filled in; empty texts count as unset. */
export interface TrustSettings {
  readonly mode?: string | undefined;
  readonly scope?: string | undefined;
  readonly readScopes?: readonly string[] | undefined;
  readonly signKey?: string | undefined;
  readonly acceptKeys?: readonly string[] | undefined;
}

export interface TrustRequest {
  /** Name in `[caches]`, for messages. */
  readonly name: string;
  readonly settings: TrustSettings;
  readonly ci: CiRun;
  /** `QIK_TRUST`: the keys to accept, with commas between them, or `any`; whatever the configuration says. */
  readonly trust?: string | undefined;
  /** `accept-keys` as the protected branch has them, for a pull request; `unknown` where it cannot be read. */
  readonly protectedKeys?: () => Promise<readonly string[] | undefined | "unknown">;
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
 *
 * @throws {QikError} `config-bad-value` for a mode, scope or key that is none.
 */
export async function remotePolicy(request: TrustRequest): Promise<RemotePolicy> {
  const { settings, ci, qik, arch } = request;
  const scope = checkScope(request, filled(settings.scope) ?? SHARED);
  const readScopes = (settings.readScopes ?? [scope]).filter((one) => one !== "");
  for (const one of readScopes) checkScope(request, one);
  const mode = modeOf(request);
  const { kind: _, base: __, ...told } = ci;
  return {
    reads: mode === "read-write" || mode === "read-only",
    writes: mode === "read-write" || mode === "write-only",
    scope,
    readScopes,
    signKey: await signKeyOf(request),
    acceptKeys: await acceptKeysOf(request),
    producer: { qik, arch, ...told },
  };
}

function modeOf({ name, settings, ci }: TrustRequest): RemoteMode {
  const mode = filled(settings.mode);
  if (mode === undefined) {
    const shared = filled(settings.scope) === undefined;
    const doubtful = ci.kind === "fork" || (ci.kind === "pull-request" && shared);
    return doubtful ? "read-only" : "read-write";
  }
  if (["read-write", "read-only", "write-only", "off"].includes(mode)) return mode as RemoteMode;
  throw badValue(
    `Cannot use the mode "${mode}" of the remote cache "${name}"`,
    "Write read-write, read-only, write-only or off",
  );
}

/** A scope is a path of plain names, so that none can reach into another. */
function checkScope({ name }: TrustRequest, scope: string): string {
  const parts = scope.split("/");
  const fine = scope.length <= 200 &&
    parts.every((part) => /^[A-Za-z0-9_@+=-][A-Za-z0-9._@+=-]*$/.test(part));
  if (fine) return scope;
  throw badValue(
    `Cannot use the scope "${scope}" of the remote cache "${name}"`,
    "Write names of letters, digits and ._@+=- with / between them, such as pr/12",
  );
}

async function signKeyOf({ name, settings, readFile }: TrustRequest) {
  const written = filled(settings.signKey);
  if (written === undefined) return undefined;
  const isPath = written.startsWith("/");
  const bytes = isPath ? readFile(written) : undefined;
  if (isPath && bytes === undefined) {
    throw badValue(`Cannot read the sign-key of the remote cache "${name}": no file "${written}"`);
  }
  const key = await readSignKey(bytes === undefined ? written : new TextDecoder().decode(bytes));
  if (key !== undefined) return key;
  // The text may be a secret with a typing error: it is not shown.
  throw badValue(
    `Cannot use the sign-key of the remote cache "${name}": it is no secret key`,
    "Make one with: qik :cache keygen",
  );
}

async function acceptKeysOf(request: TrustRequest): Promise<readonly AcceptKey[] | undefined> {
  const { settings, ci, trust, protectedKeys } = request;
  const given = filled(trust);
  if (given === "any") return undefined;
  if (given !== undefined) return await readAll(request, given.split(","), "QIK_TRUST");
  const isPull = ci.kind === "pull-request" || ci.kind === "fork";
  const written = isPull && protectedKeys !== undefined
    ? await protectedKeys()
    : settings.acceptKeys;
  if (written === "unknown") return [];
  if (written === undefined) return undefined;
  return await readAll(request, written, "accept-keys");
}

function readAll(
  { name }: TrustRequest,
  texts: readonly string[],
  where: string,
): Promise<readonly AcceptKey[]> {
  return Promise.all(texts.map(async (text) => {
    const key = await readAcceptKey(text);
    if (key !== undefined) return key;
    throw badValue(
      `Cannot use "${text}" in ${where} of the remote cache "${name}": it is no public key`,
      "Write what qik :cache keygen prints, with or without: until 2027-01-31",
    );
  }));
}

/** An optional secret of CI that is not there arrives as an empty text. */
function filled(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}

function badValue(message: string, hint?: string): QikError {
  return new QikError({ code: "config-bad-value", message, ...(hint !== undefined && { hint }) });
}
