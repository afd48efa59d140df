import { faultOfStatus, readFileText, readText, StoreFault, type StoreRequest } from "../../mod.ts";
import { signedAssertion } from "./jwt.ts";
import type { GcsSettings } from "./schema.ts";

const SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";
const TOKEN_URL = "https://oauth2.googleapis.com/token";
const STS_URL = "https://sts.googleapis.com/v1/token";
const MARGIN_MS = 300_000;

/** The metadata service is next door or nowhere. */
const METADATA_MS = 1000;

/** A bearer token, found once and taken anew before it expires. */
export interface Tokens {
  get(signal: AbortSignal): Promise<string>;
  forget(): void;
}

interface Token {
  readonly text: string;
  readonly expiresAt: number;
}

/** One of Google's credentials files: a table of texts, told apart by its `type`. */
type CredentialsFile = Readonly<Record<string, unknown>>;

/**
 * Looks for credentials in the order of Google's own libraries: the settings, `GOOGLE_APPLICATION_CREDENTIALS`, what
 * `gcloud auth application-default login` left, the metadata service of the machine.
 *
 * @param onSecret Told every secret text that is read or received.
 */
export function openTokens(
  request: StoreRequest<GcsSettings>,
  onSecret: (secret: string) => void,
): Tokens {
  let found: Promise<Token> | undefined;
  noteWritten(request, onSecret);
  return {
    async get(signal) {
      const known = await found?.catch(() => undefined);
      if (known !== undefined && known.expiresAt - MARGIN_MS > request.clock.now()) {
        return known.text;
      }
      found = new Source(request, onSecret, signal).token();
      const { text } = await found;
      onSecret(text);
      return text;
    },
    forget: () => void (found = undefined),
  };
}

/** Tells what stands in a credentials file, before any request. What is wrong with the file, the first one says. */
function noteWritten(
  request: StoreRequest<GcsSettings>,
  onSecret: (secret: string) => void,
): void {
  try {
    noteSecrets(credentialsFile(request) ?? {}, onSecret);
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error;
  }
}

function noteSecrets(file: CredentialsFile, onSecret: (secret: string) => void): void {
  for (const key of ["private_key", "refresh_token", "client_secret"]) {
    if (typeof file[key] === "string") onSecret(file[key]);
  }
}

/** The file that is named, or left by gcloud; `undefined` where there is none. */
function credentialsFile(request: StoreRequest<GcsSettings>): CredentialsFile | undefined {
  const { settings, env } = request;
  const given = settings.credentials || env["GOOGLE_APPLICATION_CREDENTIALS"];
  if (given?.trimStart().startsWith("{")) return parsed(given, "the credentials");
  if (given) {
    const text = readFileText(request, given);
    if (text === undefined) {
      throw new StoreFault("denied", `cannot read the credentials "${given}"`);
    }
    return parsed(text, `"${given}"`);
  }
  const home = env["CLOUDSDK_CONFIG"] ||
    (env["APPDATA"] ? `${env["APPDATA"]}/gcloud` : `${env["HOME"]}/.config/gcloud`);
  const text = readFileText(request, `${home}/application_default_credentials.json`);
  return text === undefined ? undefined : parsed(text, "the application default credentials");
}

class Source {
  constructor(
    private readonly request: StoreRequest<GcsSettings>,
    private readonly onSecret: (secret: string) => void,
    private readonly signal: AbortSignal,
  ) {}

  async token(): Promise<Token> {
    const file = credentialsFile(this.request);
    if (file === undefined) return await this.#fromMetadata();
    noteSecrets(file, this.onSecret);
    const { type } = file;
    if (type === "service_account") return await this.#fromServiceAccount(file);
    if (type === "authorized_user") return await this.#fromUser(file);
    if (type === "external_account") return await this.#fromWorkload(file);
    throw new StoreFault(
      "denied",
      `the credentials file is of the type "${type}", which is not known`,
    );
  }

  #fromServiceAccount(file: CredentialsFile): Promise<Token> {
    const audience = textIn(file, "token_uri") ?? TOKEN_URL;
    const email = needed(file, "client_email");
    const privateKey = needed(file, "private_key");
    const keyId = textIn(file, "private_key_id");
    const nowMs = this.request.clock.now();
    return signedAssertion({ email, privateKey, keyId, audience, scope: SCOPE, nowMs }).then(
      (assertion) =>
        this.#exchange(audience, {
          grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
          assertion,
        }),
      () => {
        throw new StoreFault("denied", "the private key of the service account cannot be used");
      },
    );
  }

  #fromUser(file: CredentialsFile): Promise<Token> {
    return this.#exchange(textIn(file, "token_uri") ?? TOKEN_URL, {
      grant_type: "refresh_token",
      client_id: needed(file, "client_id"),
      client_secret: needed(file, "client_secret"),
      refresh_token: needed(file, "refresh_token"),
    });
  }

  /** Workload identity: a token of CI's is changed for one of Google's, and that for a service account's. */
  async #fromWorkload(file: CredentialsFile): Promise<Token> {
    const token = await this.#exchange(textIn(file, "token_url") ?? STS_URL, {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      audience: needed(file, "audience"),
      scope: "https://www.googleapis.com/auth/cloud-platform",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      subject_token_type: needed(file, "subject_token_type"),
      subject_token: await this.#subject(file["credential_source"]),
    });
    const account = textIn(file, "service_account_impersonation_url");
    if (account === undefined) return token;
    this.onSecret(token.text);
    const answer = await this.#ask(account, {
      method: "POST",
      headers: { Authorization: `Bearer ${token.text}`, "Content-Type": "application/json" },
      body: JSON.stringify({ scope: [SCOPE] }),
    });
    const expiresAt = Date.parse(needed(answer, "expireTime"));
    return { text: needed(answer, "accessToken"), expiresAt };
  }

  async #subject(source: unknown): Promise<string> {
    const place = asTable(source);
    const file = textIn(place, "file");
    const url = textIn(place, "url");
    if (file === undefined && url === undefined) {
      throw new StoreFault("denied", "the workload identity names neither a file nor an address");
    }
    const text = file !== undefined
      ? readFileText(this.request, file)
      : await this.#text(url!, { headers: asTable(place["headers"]) as Record<string, string> });
    if (text === undefined) throw new StoreFault("denied", `cannot read the token "${file}"`);
    const format = asTable(place["format"]);
    const name = format["type"] === "json" ? textIn(format, "subject_token_field_name") : undefined;
    const token = name === undefined ? text.trim() : needed(parsed(text, "the token"), name);
    this.onSecret(token);
    return token;
  }

  async #fromMetadata(): Promise<Token> {
    const { env } = this.request;
    const host = env["GCE_METADATA_HOST"] || "169.254.169.254";
    const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`;
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(METADATA_MS)]);
    const init = { headers: { "Metadata-Flavor": "Google" }, signal };
    const answer = await this.#ask(url, init).catch(() => undefined);
    if (answer !== undefined) return this.#tokenIn(answer);
    const where = "see docs/remote-caches.md for where they are looked for";
    throw new StoreFault("denied", `no credentials: ${where}`);
  }

  async #exchange(url: string, form: Readonly<Record<string, string>>): Promise<Token> {
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    const body = `${new URLSearchParams(form)}`;
    return this.#tokenIn(await this.#ask(url, { method: "POST", headers, body }));
  }

  #tokenIn(answer: CredentialsFile): Token {
    const seconds = Number(answer["expires_in"]);
    const expiresAt = this.request.clock.now() + (Number.isFinite(seconds) ? seconds * 1000 : 0);
    return { text: needed(answer, "access_token"), expiresAt };
  }

  async #ask(url: string, init: RequestInit): Promise<CredentialsFile> {
    return parsed(await this.#text(url, init), "the token service's answer");
  }

  async #text(url: string, init: RequestInit): Promise<string> {
    const { net } = this.request;
    const answer = await net.fetch(url, { signal: this.signal, redirect: "error", ...init });
    const text = await readText(answer.body);
    if (answer.ok) return text;
    const why = textIn(asTable(tryParse(text)), "error") ?? "credentials";
    // A refused grant comes with 400: nothing that a second try would change.
    if (answer.status === 400) throw new StoreFault("denied", `the token service answered ${why}`);
    throw faultOfStatus(answer.status, answer.headers.get("Retry-After"), why);
  }
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parsed(text: string, what: string): CredentialsFile {
  const value = tryParse(text);
  if (typeof value === "object" && value !== null) return value as CredentialsFile;
  throw new StoreFault("denied", `cannot use ${what}: it is no JSON`);
}

function asTable(value: unknown): CredentialsFile {
  return typeof value === "object" && value !== null ? value as CredentialsFile : {};
}

function textIn(table: CredentialsFile, key: string): string | undefined {
  const value = table[key];
  return typeof value === "string" ? value : undefined;
}

function needed(table: CredentialsFile, key: string): string {
  const value = textIn(table, key);
  if (value !== undefined) return value;
  throw new StoreFault("denied", `the credentials have no "${key}"`);
}
