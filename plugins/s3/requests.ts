import { AwsV4Signer } from "aws4fetch";
import {
  faultOfStatus,
  QikError,
  readText,
  sha256,
  type StoreFault,
  type StoreRequest,
} from "../../mod.ts";
import { type CredentialChain, openCredentials, regionOf, writtenSecrets } from "./credentials.ts";
import type { S3Settings } from "./schema.ts";
import { amzDate, domainOf, tagged } from "./sts.ts";

/** One request to a bucket; without a key to the bucket itself. */
export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

/** An answer whose body is still to be read. */
export type S3Answer = Pick<Response, "ok" | "status" | "headers" | "body">;

/**
 * Signed requests to one bucket. What a server says about the way is followed and remembered: the bucket's true
 * region, this machine's wrong clock, credentials that have expired.
 */
export class Requests {
  /** Everything secret that a request was signed with, or may be. */
  readonly secrets: string[];
  readonly #request: StoreRequest<S3Settings>;
  readonly #chain: CredentialChain;
  readonly #endpoint: URL | undefined;
  #region: string;
  #skewMs = 0;

  constructor(request: StoreRequest<S3Settings>) {
    this.#request = request;
    this.#chain = openCredentials(request, request.settings);
    this.secrets = writtenSecrets(request, request.settings);
    this.#endpoint = endpointOf(request);
    this.#region = regionOf(request, request.settings) ?? "us-east-1";
  }

  /** The answer, asked for anew where the first one told how. */
  async ask(one: S3Request, signal: AbortSignal): Promise<S3Answer> {
    let answer: S3Answer = await this.#send(one, signal);
    for (let turns = 0; turns < 2 && TELLING.includes(answer.status); turns += 1) {
      const text = await readText(answer.body);
      const { headers, status } = answer;
      answer = { ok: false, status, headers, body: new Blob([text]).stream() };
      if (!this.#learn(headers, status, text)) return answer;
      answer = await this.#send(one, signal);
    }
    return answer;
  }

  async #send(one: S3Request, signal: AbortSignal): Promise<Response> {
    const { settings, net, clock } = this.#request;
    const { accessKeyId, secretAccessKey, sessionToken } = await this.#chain.get(signal);
    for (const secret of [secretAccessKey, sessionToken]) {
      if (secret !== undefined && !this.secrets.includes(secret)) this.secrets.push(secret);
    }
    const digest = sha256(one.body ?? new Uint8Array());
    const signed = await new AwsV4Signer({
      method: one.method,
      url: `${addressOf(settings, this.#endpoint, this.#region, one)}`,
      headers: { ...one.headers, "X-Amz-Content-Sha256": digest },
      accessKeyId,
      secretAccessKey,
      ...(sessionToken !== undefined && { sessionToken }),
      service: "s3",
      region: this.#region,
      datetime: amzDate(clock.now() + this.#skewMs),
    }).sign();
    return await net.fetch(`${signed.url}`, {
      method: one.method,
      headers: signed.headers,
      ...(one.body !== undefined && { body: one.body }),
      signal,
      redirect: "manual",
    });
  }

  /** @returns Whether the same request may now be answered otherwise. */
  #learn(headers: Headers, status: number, text: string): boolean {
    const { clock, env } = this.#request;
    const code = tagged(text, "Code") ?? "";
    const region = headers.get("x-amz-bucket-region") ?? tagged(text, "Region");
    if (region && isRegion(region) && region !== this.#region) {
      this.#region = region;
      return true;
    }
    const skewMs = Date.parse(headers.get("Date") ?? "") - clock.now();
    // A HEAD has no body that would name the reason.
    const isSkewed = code === "RequestTimeTooSkewed" || (code === "" && status === 403);
    if (isSkewed && Math.abs(skewMs - this.#skewMs) > MOST_SKEW_MS) {
      this.#skewMs = skewMs;
      return true;
    }
    if (!EXPIRED.includes(code)) return false;
    this.#chain.forget();
    return env["AWS_SESSION_TOKEN"] === undefined;
  }
}

/** A region becomes part of a host's name, so it must not bring one of its own. */
export function isRegion(text: string): boolean {
  return /^[a-z0-9-]{1,64}$/i.test(text);
}

/** Statuses whose body may tell a better way. */
const TELLING = [301, 307, 400, 401, 403];
const EXPIRED = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"];

/** The fault that an answer stands for; `code` is AWS's word. */
export function faultOf({ status, headers }: S3Answer, code: string): StoreFault {
  const more = code === "AccessDenied" && status === 403
    ? "AccessDenied; without s3:ListBucket that is the answer for every object that is not there"
    : code;
  return faultOfStatus(code === "SlowDown" ? 503 : status, headers.get("Retry-After"), more);
}

/** AWS bears a quarter of an hour. */
const MOST_SKEW_MS = 240_000;

function endpointOf({ settings, env, name, bad }: StoreRequest<S3Settings>): URL | undefined {
  const written = settings["endpoint-url"];
  const text = written || env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"];
  if (!text) return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  const why = "it is no address of a server";
  if (written) {
    throw bad("endpoint-url", why, 'Write one such as endpoint-url = "https://s3.example.com"');
  }
  throw new QikError({
    code: "config-bad-value",
    message: `Cannot use AWS_ENDPOINT_URL for the remote cache "${name}": ${why}`,
    hint: "Set the variable to one such as https://s3.example.com",
  });
}

/**
 * The address of an object: the bucket in the host's name for AWS, in the path for other servers, unless the
 * settings say otherwise. A bucket with a dot in it has no certificate as a host, so it goes into the path.
 */
function addressOf(
  settings: S3Settings,
  endpoint: URL | undefined,
  region: string,
  { key, query = {} }: Pick<S3Request, "key" | "query">,
): URL {
  const { bucket } = settings;
  const url = new URL(endpoint ?? `https://s3.${region}.${domainOf(region)}`);
  const isOwn = endpoint === undefined || endpoint.hostname.endsWith(".amazonaws.com");
  const inPath = settings["path-style"] ?? (!isOwn || bucket.includes("."));
  if (!inPath) url.hostname = `${bucket}.${url.hostname}`;
  const path = key.split("/").map(encodeURIComponent).join("/");
  const base = url.pathname.replace(/\/+$/, "");
  url.pathname = inPath ? `${base}/${encodeURIComponent(bucket)}/${path}` : `${base}/${path}`;
  url.search = `${new URLSearchParams(query)}`;
  return url;
}
