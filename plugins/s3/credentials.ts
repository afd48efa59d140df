import { readFileText, StoreFault } from "../../mod.ts";
import { containerCredentials, instanceCredentials } from "./metadata.ts";
import { type Profile, readProfiles } from "./profiles.ts";
import type { S3Settings } from "./schema.ts";
import type { Credentials, Sources } from "./sources.ts";
import { assumeRole } from "./sts.ts";

/** Taken anew so long before they end, so that none ends on its way. */
const MARGIN_MS = 300_000;

/** Roles may point to roles; more than so many do so in a circle. */
const MOST_ROLES = 5;

/** Credentials as they are needed, found once and taken anew before they expire. */
export interface CredentialChain {
  get(signal: AbortSignal): Promise<Credentials>;
  /** The server said that they have expired. */
  forget(): void;
}

/**
 * Looks for credentials in the order of AWS's own tools: the settings, variables, a profile of the shared files,
 * a web identity, the container, the instance. Nothing is asked before the first request.
 */
export function openCredentials(sources: Sources, settings: S3Settings): CredentialChain {
  let found: Promise<Credentials> | undefined;
  return {
    async get(signal) {
      const known = await found?.catch(() => undefined);
      const isFresh = known !== undefined &&
        (known.expiresAt === undefined || known.expiresAt - MARGIN_MS > sources.clock.now());
      if (isFresh) return known;
      found = find(sources, settings, signal);
      return await found;
    },
    forget: () => void (found = undefined),
  };
}

async function find(
  sources: Sources,
  settings: S3Settings,
  signal: AbortSignal,
): Promise<Credentials> {
  const { env } = sources;
  const given = pair(
    settings["aws-access-key-id"],
    settings["aws-secret-access-key"],
    settings["aws-session-token"],
  ) ?? (env["AWS_PROFILE"] ? undefined : fromEnvironment(sources));
  if (given !== undefined) return given;
  const profiles = readProfiles(sources);
  const name = profileName(sources);
  const profile = profiles.get(name);
  if (profile === undefined && env["AWS_PROFILE"]) {
    throw new StoreFault("denied", `there is no profile "${name}" in the shared files of AWS`);
  }
  const region = regionOf(sources, settings) ?? "us-east-1";
  const place = { sources, profiles, region, signal };
  return (profile && await fromProfile(place, name, profile, 0)) ??
    await fromWebIdentity(place, {
      role_arn: env["AWS_ROLE_ARN"] ?? "",
      web_identity_token_file: env["AWS_WEB_IDENTITY_TOKEN_FILE"] ?? "",
      role_session_name: env["AWS_ROLE_SESSION_NAME"] ?? "",
    }) ??
    await containerCredentials(sources, signal) ??
    await onInstance(sources, signal);
}

/** Where nothing answers this is no instance, and nothing is left to try. */
async function onInstance(sources: Sources, signal: AbortSignal): Promise<Credentials> {
  const soon = AbortSignal.any([signal, AbortSignal.timeout(INSTANCE_MS)]);
  const found = await instanceCredentials(sources, soon).catch(() => undefined);
  if (found !== undefined) return found;
  throw new StoreFault(
    "denied",
    "no credentials: see docs/remote-caches.md for where they are looked for",
  );
}

/** The metadata service is next door or nowhere. */
const INSTANCE_MS = 1000;

interface ProfilePlace {
  readonly sources: Sources;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly region: string;
  readonly signal: AbortSignal;
}

async function fromProfile(
  place: ProfilePlace,
  name: string,
  profile: Profile,
  depth: number,
): Promise<Credentials | undefined> {
  if (depth > MOST_ROLES) {
    throw new StoreFault("denied", `the profile "${name}" leads to itself by source_profile`);
  }
  if (profile["role_arn"]) {
    return await fromWebIdentity(place, profile) ?? await fromRole(place, name, profile, depth);
  }
  const own = pair(
    profile["aws_access_key_id"],
    profile["aws_secret_access_key"],
    profile["aws_session_token"],
  );
  const foreign = ["credential_process", "sso_session", "sso_start_url"].find((key) =>
    profile[key]
  );
  if (own === undefined && foreign !== undefined) {
    const hint = "export credentials to variables: aws configure export-credentials --format env";
    throw new StoreFault(
      "denied",
      `the profile "${name}" needs ${foreign}, which qik does not run; ${hint}`,
    );
  }
  return own;
}

async function fromRole(
  place: ProfilePlace,
  name: string,
  profile: Profile,
  depth: number,
): Promise<Credentials> {
  const { sources, profiles, region, signal } = place;
  const source = profile["source_profile"];
  const base = source === undefined
    ? await fromSource(place, profile["credential_source"])
    : source === name
    ? pair(profile["aws_access_key_id"], profile["aws_secret_access_key"], undefined)
    : await fromProfile(place, source, profiles.get(source) ?? {}, depth + 1);
  if (base === undefined) {
    throw new StoreFault("denied", `the profile "${name}" has a role, but nobody to take it on`);
  }
  const proof = { credentials: base, externalId: profile["external_id"] };
  const session = profile["role_session_name"];
  return await assumeRole(sources, { arn: profile["role_arn"]!, session, region, proof }, signal);
}

async function fromSource(
  { sources, signal }: ProfilePlace,
  source: string | undefined,
): Promise<Credentials | undefined> {
  if (source === "Environment") return fromEnvironment(sources);
  if (source === "EcsContainer") return await containerCredentials(sources, signal);
  return source === "Ec2InstanceMetadata" ? await onInstance(sources, signal) : undefined;
}

async function fromWebIdentity(
  { sources, region, signal }: ProfilePlace,
  profile: Profile,
): Promise<Credentials | undefined> {
  const { role_arn: arn, web_identity_token_file: file, role_session_name: session } = profile;
  if (!arn || !file) return undefined;
  const token = readFileText(sources, file)?.trim();
  if (!token) throw new StoreFault("denied", `the web identity token "${file}" cannot be read`);
  return await assumeRole(sources, { arn, session, region, proof: { token } }, signal);
}

function fromEnvironment({ env }: Sources): Credentials | undefined {
  return pair(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"]);
}

function pair(
  accessKeyId: string | undefined,
  secretAccessKey: string | undefined,
  sessionToken: string | undefined,
): Credentials | undefined {
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined };
}

function profileName({ env }: Sources): string {
  return env["AWS_PROFILE"] || env["AWS_DEFAULT_PROFILE"] || "default";
}

/** Secrets that stand in the settings and in the shared files, whichever of them will be used. */
export function writtenSecrets(sources: Sources, settings: S3Settings): string[] {
  const written = [settings["aws-secret-access-key"], settings["aws-session-token"]];
  for (const profile of readProfiles(sources).values()) {
    written.push(profile["aws_secret_access_key"], profile["aws_session_token"]);
  }
  return written.filter((secret) => secret !== undefined && secret !== "") as string[];
}

/** The region that settings, variables or the profile name. */
export function regionOf(sources: Sources, settings: S3Settings): string | undefined {
  const { env } = sources;
  return settings["region-name"] || env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] ||
    readProfiles(sources).get(profileName(sources))?.["region"] || undefined;
}
