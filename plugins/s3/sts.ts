import { AwsV4Signer } from "aws4fetch";
import { faultOfStatus, readText, StoreFault } from "../../mod.ts";
import type { Credentials, Sources } from "./sources.ts";

/** A role to be taken on, with what proves that it may be. */
export interface RoleRequest {
  readonly arn: string;
  readonly session: string | undefined;
  readonly region: string;
  readonly proof:
    | { readonly token: string }
    | { readonly credentials: Credentials; readonly externalId: string | undefined };
}

/** Asks AWS's Security Token Service for the credentials of a role. */
export async function assumeRole(
  { env, net, clock }: Sources,
  { arn, session, region, proof }: RoleRequest,
  signal: AbortSignal,
): Promise<Credentials> {
  const body = new URLSearchParams({
    Version: "2011-06-15",
    RoleArn: arn,
    RoleSessionName: session || `qik-${clock.now()}`,
  });
  if ("token" in proof) {
    body.set("Action", "AssumeRoleWithWebIdentity");
    body.set("WebIdentityToken", proof.token);
  } else {
    body.set("Action", "AssumeRole");
    if (proof.externalId) body.set("ExternalId", proof.externalId);
  }
  const url = env["AWS_ENDPOINT_URL_STS"] || `https://sts.${region}.${domainOf(region)}/`;
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const plain = { method: "POST", url, headers, body: `${body}` };
  const signed = "token" in proof ? plain : await new AwsV4Signer({
    ...plain,
    accessKeyId: proof.credentials.accessKeyId,
    secretAccessKey: proof.credentials.secretAccessKey,
    ...(proof.credentials.sessionToken && { sessionToken: proof.credentials.sessionToken }),
    service: "sts",
    region,
    datetime: amzDate(clock.now()),
  }).sign();
  const answer = await net.fetch(`${signed.url}`, {
    method: "POST",
    headers: signed.headers,
    body: `${body}`,
    signal,
    redirect: "error",
  });
  const text = await readText(answer.body);
  if (!answer.ok) {
    const code = tagged(text, "Code") ?? "";
    // A refusal comes with 400 as well: nothing that a second try would change.
    if (answer.status === 400) throw new StoreFault("denied", `the token service answered ${code}`);
    throw faultOfStatus(answer.status, answer.headers.get("Retry-After"), `${code}, STS`);
  }
  const [accessKeyId, secretAccessKey] = [
    tagged(text, "AccessKeyId"),
    tagged(text, "SecretAccessKey"),
  ];
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new StoreFault("odd", "the token service answered without credentials");
  }
  const expires = tagged(text, "Expiration");
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: tagged(text, "SessionToken"),
    expiresAt: expires === undefined ? undefined : Date.parse(expires),
  };
}

/** A time as AWS's signatures write it: `20260131T120000Z`. */
export function amzDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[:-]|\.\d{3}/g, "");
}

/** China's regions have a domain of their own. */
export function domainOf(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

/** The text of the first element of that name in an answer of AWS, which has no attributes there. */
export function tagged(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'").replaceAll("&apos;", "'").replaceAll("&amp;", "&");
}
