import { faultOfStatus, readFileText, readText, StoreFault } from "../../mod.ts";
import type { Credentials, Sources } from "./sources.ts";

const CONTAINER = "http://169.254.170.2";
const INSTANCE = "http://169.254.169.254";
const TOKEN_SECONDS = "21600";

/** Whose address may be asked without TLS: this machine's, and those of the platforms themselves. */
const NEAR =
  /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|169\.254\.170\.2|169\.254\.170\.23|\[fd00:ec2::23\])$/;

/** Credentials of an ECS task or an EKS pod; `undefined` where this is none. */
export async function containerCredentials(
  sources: Sources,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  const { env, net } = sources;
  const relative = env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
  const url = relative ? CONTAINER + relative : env["AWS_CONTAINER_CREDENTIALS_FULL_URI"];
  if (!url) return undefined;
  const { protocol, hostname } = new URL(url);
  if (protocol !== "https:" && !NEAR.test(hostname)) {
    throw new StoreFault("denied", "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor near");
  }
  const file = env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
  const token = file
    ? readFileText(sources, file)?.trim()
    : env["AWS_CONTAINER_AUTHORIZATION_TOKEN"];
  const headers: Record<string, string> = token ? { Authorization: token } : {};
  const answer = await net.fetch(url, { headers, signal, redirect: "error" });
  return parsed(await textOf(answer));
}

/** Credentials of the role of an EC2 instance (IMDSv2); `undefined` where it has none. */
export async function instanceCredentials(
  { env, net }: Sources,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  if (env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") return undefined;
  const base = (env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] || INSTANCE).replace(/\/+$/, "");
  const ask = (path: string, init: RequestInit) =>
    net.fetch(`${base}/latest/${path}`, { ...init, signal, redirect: "error" });
  const answer = await ask("api/token", {
    method: "PUT",
    headers: { "X-aws-ec2-metadata-token-ttl-seconds": TOKEN_SECONDS },
  });
  const headers = { "X-aws-ec2-metadata-token": await textOf(answer) };
  const path = "meta-data/iam/security-credentials/";
  const roles = await ask(path, { headers });
  if (roles.status === 404) return undefined;
  const [role] = (await textOf(roles)).trim().split("\n");
  return parsed(await textOf(await ask(path + role, { headers })));
}

async function textOf(answer: Response): Promise<string> {
  const text = await readText(answer.body);
  if (answer.ok) return text;
  throw faultOfStatus(answer.status, answer.headers.get("Retry-After"), "credentials");
}

/** The form in which both services answer. */
function parsed(text: string): Credentials {
  let value: Partial<Record<string, unknown>> = {};
  try {
    value = JSON.parse(text) ?? {};
  } catch {
    // Told below: whatever it is, it is no credentials.
  }
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token, Expiration } = value;
  if (typeof accessKeyId !== "string" || typeof secretAccessKey !== "string") {
    throw new StoreFault("denied", "the metadata service answered without credentials");
  }
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: typeof Token === "string" ? Token : undefined,
    expiresAt: typeof Expiration === "string" ? Date.parse(Expiration) : undefined,
  };
}
