/**
 * A small server that hands out credentials, as the services of AWS and Google do, and looks at what it is given for
 * them. What it asks for is written here from their documentation.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The keys that AWS's services hand out. */
export interface AwsKeys {
  readonly id: string;
  readonly secret: string;
}

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Answer = string | { readonly status: number; readonly text: string };

export class TokenServer implements AsyncDisposable {
  /** What was handed out, by the path that was asked. */
  readonly asked: string[] = [];
  /** What a service account signs with; PEM. */
  readonly privateKey: string;
  /** What Google's services hand out. */
  readonly token = "fake-google-token-8d1f";
  readonly #publicKey: string;
  readonly #keys: AwsKeys;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  url = "";

  private constructor(keys: AwsKeys) {
    this.#keys = keys;
    const pair = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    this.privateKey = pair.privateKey;
    this.#publicKey = pair.publicKey;
  }

  static async start(keys: AwsKeys): Promise<TokenServer> {
    const server = new TokenServer(keys);
    await new Promise<void>((done) => server.#server.listen(0, "127.0.0.1", done));
    server.url = `http://127.0.0.1:${(server.#server.address() as AddressInfo).port}`;
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const part of request) parts.push(part);
    const asked: Asked = {
      method: request.method ?? "",
      url: new URL(request.url ?? "", this.url),
      headers: request.headers,
      body: Buffer.concat(parts).toString(),
    };
    this.asked.push(asked.url.pathname);
    let answer: Answer;
    try {
      answer = SERVICES[asked.url.pathname]?.call(this, asked) ?? { status: 404, text: "nothing" };
    } catch (error) {
      answer = { status: 403, text: error instanceof Error ? error.message : `${error}` };
    }
    const { status, text } = typeof answer === "string" ? { status: 200, text: answer } : answer;
    response.writeHead(status).end(text);
  }

  /** `AccessKeyId` and so on, as ECS and EC2 tell them. */
  awsJson(): string {
    const Expiration = new Date(Date.now() + 3_600_000).toISOString();
    const { id: AccessKeyId, secret: SecretAccessKey } = this.#keys;
    return JSON.stringify({ Code: "Success", AccessKeyId, SecretAccessKey, Expiration });
  }

  awsXml(): string {
    const { id, secret } = this.#keys;
    return `<Response><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>${secret}` +
      `</SecretAccessKey><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}` +
      `</Expiration></Credentials></Response>`;
  }

  googleJson(): string {
    return JSON.stringify({ access_token: this.token, expires_in: 3600, token_type: "Bearer" });
  }

  checkAssertion(assertion: string): void {
    const [head = "", claims = "", signature = ""] = assertion.split(".");
    const key = createPublicKey(this.#publicKey);
    const signed = Buffer.from(`${head}.${claims}`);
    assert.ok(verify("RSA-SHA256", signed, key, Buffer.from(signature, "base64url")), "signature");
    const { iss, aud, exp } = JSON.parse(Buffer.from(claims, "base64url").toString());
    assert.equal(iss, "ci@project.iam.gserviceaccount.com");
    assert.equal(aud, `${this.url}/google/token`);
    assert.ok(exp * 1000 > Date.now(), "expired");
  }
}

const form = ({ body }: Asked) => Object.fromEntries(new URLSearchParams(body));

const SERVICES: Readonly<Record<string, (this: TokenServer, asked: Asked) => Answer>> = {
  "/sts/"({ headers, ...asked }) {
    const { Action, WebIdentityToken, RoleArn } = form({ headers, ...asked });
    assert.match(RoleArn ?? "", /^arn:/);
    if (Action === "AssumeRoleWithWebIdentity") assert.equal(WebIdentityToken, "ci-identity");
    else assert.match(headers.authorization ?? "", /AWS4-HMAC-SHA256 Credential=BASE\//);
    return this.awsXml();
  },
  "/container"({ headers }) {
    assert.equal(headers.authorization, "container-token");
    return this.awsJson();
  },
  "/latest/api/token"({ method, headers }) {
    assert.equal(method, "PUT");
    assert.ok(headers["x-aws-ec2-metadata-token-ttl-seconds"]);
    return "imds";
  },
  "/latest/meta-data/iam/security-credentials/"({ headers }) {
    assert.equal(headers["x-aws-ec2-metadata-token"], "imds");
    return "my-role\n";
  },
  "/latest/meta-data/iam/security-credentials/my-role"({ headers }) {
    assert.equal(headers["x-aws-ec2-metadata-token"], "imds");
    return this.awsJson();
  },
  "/google/token"(asked) {
    const given = form(asked);
    const { grant_type: kind = "" } = given;
    if (kind.endsWith("jwt-bearer")) this.checkAssertion(given["assertion"] ?? "");
    else if (kind === "refresh_token") {
      const { client_id, client_secret, refresh_token } = given;
      assert.deepEqual([client_id, client_secret, refresh_token], ["id", "secret", "refresh"]);
    } else {
      assert.match(kind, /token-exchange$/);
      assert.equal(given["subject_token"], "ci-identity");
      assert.equal(given["subject_token_type"], "urn:ietf:params:oauth:token-type:jwt");
      assert.match(given["audience"] ?? "", /workloadIdentityPools/);
    }
    return this.googleJson();
  },
  "/google/identity"({ headers }) {
    assert.equal(headers.authorization, "Bearer ci-request-token");
    return JSON.stringify({ value: "ci-identity" });
  },
  "/google/impersonate"({ headers }) {
    assert.equal(headers.authorization, `Bearer ${this.token}`);
    const expireTime = new Date(Date.now() + 3_600_000).toISOString();
    return JSON.stringify({ accessToken: this.token, expireTime });
  },
  "/computeMetadata/v1/instance/service-accounts/default/token"({ headers }) {
    assert.equal(headers["metadata-flavor"], "Google");
    return this.googleJson();
  },
};
