import assert from "node:assert/strict";
import { faultOf, Requests } from "../../../plugins/s3/requests.ts";
import type { S3Settings } from "../../../plugins/s3/schema.ts";
import { openS3Store } from "../../../plugins/s3/store.ts";
import { bad, fakeFiles, fakeNet, type Sent } from "../../support/remote/fake_net.ts";

const signal = new AbortController().signal;
const KEYS = {
  "aws-access-key-id": "AKIAIOSFODNN7EXAMPLE",
  "aws-secret-access-key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

interface World {
  readonly settings?: Partial<S3Settings>;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly now?: number;
  readonly answer?: (sent: Sent) => Response | undefined;
}

function request({ settings, env = {}, files = {}, now = 0, answer }: World) {
  const { net, sent } = fakeNet(answer ?? (() => new Response("")));
  const whole = {
    name: "team",
    settings: { bucket: "examplebucket", ...settings } as S3Settings,
    env,
    bad,
    net,
    clock: { now: () => now },
    files: fakeFiles(files),
  };
  return { request: whole, sent };
}

/** The examples of "Signature Calculations for the Authorization Header" in AWS's S3 reference. */
const VECTORS = [
  {
    what: "GET bucket lifecycle",
    ask: { method: "GET", key: "", query: { lifecycle: "" } },
    signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  },
  {
    what: "GET bucket (list objects)",
    ask: { method: "GET", key: "", query: { "max-keys": "2", prefix: "J" } },
    signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  },
  {
    what: "PUT object",
    ask: {
      method: "PUT",
      key: "test$file.text",
      headers: {
        Date: "Fri, 24 May 2013 00:00:00 GMT",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
      },
      body: new TextEncoder().encode("Welcome to Amazon S3."),
    },
    signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  },
] as const;

for (const { what, ask, signature } of VECTORS) {
  Deno.test(`AWS's published signature: ${what}`, async () => {
    const { request: whole, sent } = request({
      settings: { ...KEYS, "endpoint-url": "https://s3.amazonaws.com", "path-style": false },
      now: Date.UTC(2013, 4, 24),
    });
    await new Requests(whole).ask(ask, signal);
    assert.equal(new URL(sent[0]!.url).hostname, "examplebucket.s3.amazonaws.com");
    assert.match(sent[0]!.headers.get("Authorization")!, new RegExp(`Signature=${signature}$`));
  });
}

/** Who signed a request. */
const signer = ({ headers }: Sent) =>
  /Credential=([^/]+)\//.exec(headers.get("Authorization") ?? "")?.[1];

async function signerIn(world: World): Promise<string | undefined> {
  const { request: whole, sent } = request(world);
  const answer = await new Requests(whole).ask({ method: "GET", key: "a" }, signal);
  assert.ok(answer.ok);
  return signer(sent.at(-1)!);
}

const metadata = (id: string) =>
  Response.json({ AccessKeyId: id, SecretAccessKey: "secret", Token: "token" });
const role = (id: string) =>
  new Response(
    `<R><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>` +
      `<SessionToken>t</SessionToken><Expiration>2040-01-01T00:00:00Z</Expiration></Credentials></R>`,
  );

Deno.test("credentials come from where AWS's tools look for them, in their order", async () => {
  const env = { AWS_ACCESS_KEY_ID: "ENV", AWS_SECRET_ACCESS_KEY: "secret", HOME: "/h" };
  const files = {
    "/h/.aws/credentials": "[default]\naws_access_key_id = FILE\naws_secret_access_key = s\n",
    "/h/.aws/config":
      "[profile ci]\nrole_arn = arn:r\nsource_profile = default\nexternal_id = x\n" +
      "[profile circle]\nrole_arn = arn:c\nsource_profile = circle2\n" +
      "[profile circle2]\nrole_arn = arn:c\nsource_profile = circle\n" +
      "[profile sso]\nsso_session = corp\n",
    "/token": "jwt\n",
  };
  assert.equal(await signerIn({ settings: KEYS, env, files }), KEYS["aws-access-key-id"]);
  assert.equal(await signerIn({ env, files }), "ENV");
  assert.equal(await signerIn({ env: { HOME: "/h" }, files }), "FILE");
  const sts = (sent: Sent) => sent.url.includes("sts.") ? role("ROLE") : new Response("");
  const profile = { ...env, AWS_PROFILE: "ci" };
  assert.equal(await signerIn({ env: profile, files, answer: sts }), "ROLE");
  const web = { AWS_ROLE_ARN: "arn:w", AWS_WEB_IDENTITY_TOKEN_FILE: "/token" };
  const seen: string[] = [];
  const webSts = (sent: Sent) => {
    if (!sent.url.includes("sts.")) return new Response("");
    seen.push(sent.body);
    assert.equal(sent.headers.get("Authorization"), null);
    return role("WEB");
  };
  assert.equal(await signerIn({ env: web, files, answer: webSts }), "WEB");
  assert.match(seen[0]!, /Action=AssumeRoleWithWebIdentity/);
  assert.match(seen[0]!, /WebIdentityToken=jwt(&|$)/);
  for (const name of ["circle", "sso", "nobody"]) {
    await assert.rejects(signerIn({ env: { HOME: "/h", AWS_PROFILE: name }, files }), {
      kind: "denied",
    });
  }
});

Deno.test("containers and instances hand out credentials", async () => {
  const container = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1:9999/creds",
    AWS_CONTAINER_AUTHORIZATION_TOKEN: "bearer",
  };
  const answer = (sent: Sent) => {
    if (sent.url.includes("9999")) {
      assert.equal(sent.headers.get("Authorization"), "bearer");
      return metadata("CONTAINER");
    }
    return new Response("");
  };
  assert.equal(await signerIn({ env: container, answer }), "CONTAINER");
  const far = { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://example.com/creds" };
  await assert.rejects(signerIn({ env: far }), { kind: "denied" });
  const imds = (sent: Sent) => {
    if (sent.url.endsWith("/latest/api/token")) {
      assert.equal(sent.method, "PUT");
      return new Response("imds-token");
    }
    if (!sent.url.includes("169.254.169.254")) return new Response("");
    assert.equal(sent.headers.get("X-aws-ec2-metadata-token"), "imds-token");
    return sent.url.endsWith("/security-credentials/")
      ? new Response("my-role")
      : metadata("INSTANCE");
  };
  assert.equal(await signerIn({ answer: imds }), "INSTANCE");
  await assert.rejects(signerIn({ answer: () => undefined }), /no credentials/);
});

Deno.test("a bucket in another region is found by what its server says", async () => {
  const { request: whole, sent } = request({
    settings: KEYS,
    answer: ({ url }) =>
      url.includes("eu-west-3")
        ? new Response("")
        : new Response("<Code>AuthorizationHeaderMalformed</Code><Region>eu-west-3</Region>", {
          status: 400,
        }),
  });
  const requests = new Requests(whole);
  assert.ok((await requests.ask({ method: "GET", key: "a" }, signal)).ok);
  assert.ok((await requests.ask({ method: "GET", key: "b" }, signal)).ok);
  assert.equal(sent.length, 3, "the region is remembered");
});

Deno.test("a clock that is wrong by hours is put right by the server's", async () => {
  const now = Date.UTC(2026, 0, 1);
  const server = now + 5 * 3_600_000;
  const { request: whole } = request({
    settings: KEYS,
    now,
    answer: ({ headers }) =>
      headers.get("X-Amz-Date") === "20260101T050000Z"
        ? new Response("")
        : new Response("<Code>RequestTimeTooSkewed</Code>", {
          status: 403,
          headers: { Date: new Date(server).toUTCString() },
        }),
  });
  assert.ok((await new Requests(whole).ask({ method: "GET", key: "a" }, signal)).ok);
});

Deno.test("credentials that expired are taken anew, once", async () => {
  let handedOut = 0;
  const { request: whole } = request({
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1:9999/" },
    answer: (sent) => {
      if (sent.url.includes("9999")) return metadata(`ID${handedOut += 1}`);
      return signer(sent) === "ID2"
        ? new Response("")
        : new Response("<Code>ExpiredToken</Code>", { status: 400 });
    },
  });
  assert.ok((await new Requests(whole).ask({ method: "GET", key: "a" }, signal)).ok);
  assert.equal(handedOut, 2);
});

Deno.test("puts are conditional, and asked for first where a server cannot", async () => {
  const conditions: (string | null)[] = [];
  const { request: whole } = request({
    settings: KEYS,
    answer: ({ method, headers }) => {
      if (method === "HEAD") return new Response(null, { status: 404 });
      conditions.push(headers.get("If-None-Match"));
      const isOdd = headers.get("If-None-Match") !== null;
      return new Response("<Code>NotImplemented</Code>", { status: isOdd ? 501 : 200 });
    },
  });
  const store = openS3Store(whole);
  assert.equal(await store.put("a", new Uint8Array(3), { signal, replace: false }), "stored");
  assert.deepEqual(conditions, ["*", null]);
});

Deno.test("lists are read page by page, whatever the names", async () => {
  const { request: whole } = request({
    settings: { ...KEYS, prefix: "p" },
    answer: ({ url }) => {
      const isNext = url.includes("continuation-token");
      const key = isNext ? "p/v1/b+c" : "p/v1/a&amp;";
      return new Response(
        `<L><IsTruncated>${!isNext}</IsTruncated><Contents><Key>${key}</Key>` +
          `<LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>3</Size></Contents>` +
          `<NextContinuationToken>n</NextContinuationToken></L>`,
      );
    },
  });
  const names: string[] = [];
  for await (const { name } of openS3Store(whole).list!("v1/", { signal })) names.push(name);
  assert.deepEqual(names, ["v1/a&", "v1/b+c"]);
});

Deno.test("a refusal says what is likely missing", () => {
  const fault = faultOf(new Response(null, { status: 403 }), "AccessDenied");
  assert.equal(fault.kind, "denied");
  assert.match(fault.message, /s3:ListBucket/);
});
