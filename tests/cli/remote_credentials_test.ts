/** Every place that credentials come from, with small servers that hand them out and real ones that ask for them. */
import assert from "node:assert/strict";
import { Repo } from "../support/repo.ts";
import { Guard } from "../support/remote/guard.ts";
import { NO_SERVERS, S3_KEYS, startGcs, startS3 } from "../support/remote/servers.ts";
import { TokenServer } from "../support/remote/token_server.ts";

const COMMAND = `
[commands.build]
exec = "seq 1 60000 > out.txt && echo built"
deps = ["in.txt"]
artifacts = ["out.txt"]
cache = "team"
`;

/** What is set up in a home directory, told where the token server is. */
interface Source {
  readonly env?: (url: string) => Record<string, string>;
  /** Files of the home directory. */
  readonly files?: (url: string, privateKey: string) => Record<string, string>;
  /** More lines of `[caches.team]`. */
  readonly settings?: string;
  /** Paths of the token server that must have been asked, in their order. */
  readonly asks?: readonly string[];
}

const KEYS = `aws_access_key_id = ${S3_KEYS.id}\naws_secret_access_key = ${S3_KEYS.secret}\n`;
const BASE = "aws_access_key_id = BASE\naws_secret_access_key = base\n";
const WEB = { AWS_ROLE_ARN: "arn:aws:iam::1:role/ci" };

const S3: Readonly<Record<string, Source>> = {
  "the settings": {
    settings: `aws-access-key-id = "${S3_KEYS.id}"\naws-secret-access-key = "{ctx.s3_secret}"`,
    env: () => ({ S3_SECRET: S3_KEYS.secret }),
  },
  "variables": {
    env: () => ({ AWS_ACCESS_KEY_ID: S3_KEYS.id, AWS_SECRET_ACCESS_KEY: S3_KEYS.secret }),
  },
  "the credentials file": { files: () => ({ ".aws/credentials": `[default]\n${KEYS}` }) },
  "a profile of the config file": {
    files: () => ({ ".aws/config": `[profile ci]\n${KEYS}` }),
    env: () => ({ AWS_PROFILE: "ci" }),
  },
  "files elsewhere": {
    files: () => ({ "elsewhere": `[default]\n${KEYS}` }),
    env: () => ({ AWS_SHARED_CREDENTIALS_FILE: "$HOME/elsewhere" }),
  },
  "a role of another profile": {
    files: () => ({
      ".aws/config": "[profile ci]\nrole_arn = arn:aws:iam::1:role/ci\nsource_profile = base\n",
      ".aws/credentials": `[base]\n${BASE}`,
    }),
    env: (url) => ({ AWS_PROFILE: "ci", AWS_ENDPOINT_URL_STS: `${url}/sts/` }),
    asks: ["/sts/"],
  },
  "a web identity": {
    files: () => ({ "token": "ci-identity\n" }),
    env: (url) => ({
      ...WEB,
      AWS_WEB_IDENTITY_TOKEN_FILE: "$HOME/token",
      AWS_ENDPOINT_URL_STS: `${url}/sts/`,
    }),
    asks: ["/sts/"],
  },
  "a web identity of a profile": {
    files: () => ({
      "token": "ci-identity\n",
      ".aws/config":
        "[default]\nrole_arn = arn:aws:iam::1:role/ci\nweb_identity_token_file = $HOME/token\n",
    }),
    env: (url) => ({ AWS_ENDPOINT_URL_STS: `${url}/sts/` }),
    asks: ["/sts/"],
  },
  "a container": {
    env: (url) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/container`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "container-token",
    }),
    asks: ["/container"],
  },
  "a container with its token in a file": {
    files: () => ({ "token": "container-token\n" }),
    env: (url) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/container`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "$HOME/token",
    }),
    asks: ["/container"],
  },
  "an instance": {
    env: (url) => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: url, AWS_EC2_METADATA_DISABLED: "false" }),
    asks: [
      "/latest/api/token",
      "/latest/meta-data/iam/security-credentials/",
      "/latest/meta-data/iam/security-credentials/my-role",
    ],
  },
};

const ACCOUNT = (url: string, privateKey: string) =>
  JSON.stringify({
    type: "service_account",
    client_email: "ci@project.iam.gserviceaccount.com",
    private_key_id: "k1",
    private_key: privateKey,
    token_uri: `${url}/google/token`,
  });

const WORKLOAD = (url: string, source: unknown, more = {}) =>
  JSON.stringify({
    type: "external_account",
    audience:
      "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/providers/gh",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: `${url}/google/token`,
    credential_source: source,
    ...more,
  });

const USE = { GOOGLE_APPLICATION_CREDENTIALS: "$HOME/creds.json" };

const GCS: Readonly<Record<string, Source>> = {
  "a service account's key in a file": {
    files: (url, key) => ({ "creds.json": ACCOUNT(url, key) }),
    env: () => USE,
    asks: ["/google/token"],
  },
  "a service account's key in the settings": {
    settings: 'credentials = "{ctx.gcs_credentials}"',
    files: (url, key) => ({ "creds.json": ACCOUNT(url, key) }),
    env: () => ({ GCS_CREDENTIALS: "$HOME/creds.json" }),
    asks: ["/google/token"],
  },
  "a user's own": {
    files: (url) => ({
      ".config/gcloud/application_default_credentials.json": JSON.stringify({
        type: "authorized_user",
        client_id: "id",
        client_secret: "secret",
        refresh_token: "refresh",
        token_uri: `${url}/google/token`,
      }),
    }),
    asks: ["/google/token"],
  },
  "workload identity with a token in a file": {
    files: (url) => ({
      "token": "ci-identity\n",
      "creds.json": WORKLOAD(url, { file: "$HOME/token" }),
    }),
    env: () => USE,
    asks: ["/google/token"],
  },
  "workload identity with a token from an address, and a service account's": {
    files: (url) => ({
      "creds.json": WORKLOAD(url, {
        url: `${url}/google/identity?audience=x`,
        headers: { Authorization: "Bearer ci-request-token" },
        format: { type: "json", subject_token_field_name: "value" },
      }, { service_account_impersonation_url: `${url}/google/impersonate` }),
    }),
    env: () => USE,
    asks: ["/google/identity", "/google/token", "/google/impersonate"],
  },
  "the metadata server": {
    env: (url) => ({ GCE_METADATA_HOST: url.replace("http://", "") }),
    asks: ["/computeMetadata/v1/instance/service-accounts/default/token"],
  },
};

/** A repository that shares through the bucket, and an environment with what the source brings. */
async function setUp(tokens: TokenServer, source: Source, plugin: string, cache: string) {
  const repo = await Repo.create({
    "in.txt": "",
    ".gitignore": "out.txt\n",
    "qik.toml":
      `ctx = [{name = "s3_secret", required = false}, {name = "gcs_credentials", required = false}]
[plugins]
${plugin} = "qik.${plugin}"
[caches.team]
type = "${plugin}"
bucket = "bucket"
${cache}
${source.settings ?? ""}
${COMMAND}`,
  });
  const home = repo.path("../home");
  const filled = (table: Record<string, string>, at = (name: string) => name) =>
    Object.fromEntries(
      Object.entries(table).map(([name, text]) => [at(name), text.replaceAll("$HOME", home)]),
    );
  await repo.write(
    filled(source.files?.(tokens.url, tokens.privateKey) ?? {}, (name) => `../home/${name}`),
  );
  const env = { AWS_EC2_METADATA_DISABLED: "true", ...source.env?.(tokens.url) };
  return { repo, asked: repo.with({ env: filled(env) }) };
}

/** Builds here, and finds there what was built here. */
async function assertShares(
  tokens: TokenServer,
  source: Source,
  plugin: string,
  cache: string,
): Promise<void> {
  const one = await setUp(tokens, source, plugin, cache);
  await using _one = one.repo;
  const two = await setUp(tokens, source, plugin, cache);
  await using _two = two.repo;
  assert.doesNotMatch((await one.asked.must("build")).err, /Warning/, one.repo.log);
  assert.deepEqual(tokens.asked, source.asks ?? []);
  const { out, err } = await two.asked.must("build");
  assert.match(out + err, /1 cached|from cache/, two.repo.log);
}

for (const [name, source] of Object.entries(S3)) {
  Deno.test({
    name: `S3: credentials from ${name}`,
    ignore: NO_SERVERS,
    async fn() {
      await using server = await startS3();
      await using tokens = await TokenServer.start(S3_KEYS);
      await assertShares(tokens, source, "s3", `endpoint-url = "${server.url}"`);
    },
  });
}

for (const [name, source] of Object.entries(GCS)) {
  Deno.test({
    name: `GCS: credentials from ${name}`,
    ignore: NO_SERVERS,
    async fn() {
      await using server = await startGcs();
      await using tokens = await TokenServer.start(S3_KEYS);
      await using guard = await Guard.start(server.url, tokens.token);
      await assertShares(tokens, source, "gcs", `endpoint-url = "${guard.url}"`);
      assert.ok(guard.passed > 0);
      assert.equal(guard.refused, 0);
    },
  });
}

Deno.test("credentials that no service takes are one warning, and name what refused them", async () => {
  await using tokens = await TokenServer.start(S3_KEYS);
  const wrong: readonly (readonly [string, Source, RegExp])[] = [
    ["gcs", {
      files: (url) => ({
        "token": "another",
        "creds.json": WORKLOAD(url, { file: "$HOME/token" }),
      }),
      env: () => USE,
    }, /remote-denied/],
    ["s3", {
      files: () => ({ "token": "another\n" }),
      env: (url) => ({
        ...WEB,
        AWS_WEB_IDENTITY_TOKEN_FILE: "$HOME/token",
        AWS_ENDPOINT_URL_STS: `${url}/sts/`,
      }),
    }, /remote-denied/],
    ["gcs", { env: () => ({ GCE_METADATA_HOST: "127.0.0.1:2" }) }, /no credentials/],
    ["s3", {}, /no credentials/],
  ];
  for (const [plugin, source, expected] of wrong) {
    const made = await setUp(tokens, source, plugin, 'endpoint-url = "http://127.0.0.1:2"');
    await using repo = made.repo;
    const { err } = await made.asked.must("build");
    assert.match(err, expected, repo.log);
    assert.equal(err.match(/Warning/g)?.length, 1, repo.log);
    assert.doesNotMatch(err, /another/);
  }
});
