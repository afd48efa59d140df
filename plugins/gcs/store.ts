import {
  faultOfStatus,
  type ListedObject,
  type ObjectStore,
  QikError,
  readText,
  startOfPrefix,
  type StoreCall,
  StoreFault,
  type StoreRequest,
} from "../../mod.ts";
import { openTokens, type Tokens } from "./credentials.ts";
import type { GcsSettings } from "./schema.ts";

const PUBLIC = "https://storage.googleapis.com";

/** Opens a bucket, or the part of one below a prefix, through Google's JSON interface. */
export function openGcsStore(request: StoreRequest<GcsSettings>): ObjectStore {
  const { settings, env, name } = request;
  const emulator = env["STORAGE_EMULATOR_HOST"];
  const named = settings["endpoint-url"] ||
    (emulator && !/^https?:/.test(emulator) ? `http://${emulator}` : emulator) || PUBLIC;
  const { bucket } = settings;
  if (bucket === "") throw request.bad("bucket", "it is empty");
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/.test(bucket)) {
    const hint = "Write what follows it as the prefix";
    throw request.bad("bucket", `"${bucket}" cannot name a bucket`, hint);
  }
  const isFine = URL.canParse(named) && /^https?:/.test(named);
  if (isFine) return new GcsStore(request, named.replace(/\/+$/, ""), Boolean(emulator));
  const why = "it is no address of a server";
  if (settings["endpoint-url"]) throw request.bad("endpoint-url", why);
  throw new QikError({
    code: "config-bad-value",
    message: `Cannot use STORAGE_EMULATOR_HOST for the remote cache "${name}": ${why}`,
    hint: "Set the variable to one such as http://127.0.0.1:4443",
  });
}

class GcsStore implements ObjectStore {
  readonly place: string;
  readonly secrets: string[] = [];
  readonly #request: StoreRequest<GcsSettings>;
  readonly #host: string;
  /** What all names begin with. */
  readonly #start: string;
  /** Unset for an emulator, which asks for nothing. */
  readonly #tokens: Tokens | undefined;

  constructor(request: StoreRequest<GcsSettings>, host: string, isEmulator: boolean) {
    const { bucket } = request.settings;
    this.#request = request;
    this.#host = host;
    this.#start = startOfPrefix(request);
    this.place = `gs://${bucket}/${this.#start}`.replace(/\/$/, "");
    const note = (secret: string) => {
      if (!this.secrets.includes(secret)) this.secrets.push(secret);
    };
    this.#tokens = isEmulator ? undefined : openTokens(request, note);
  }

  async get(name: string, { signal }: StoreCall) {
    const answer = await this.#ask("GET", this.#object(name), { alt: "media" }, signal);
    if (answer.status === 200) return answer.body ?? new Blob([]).stream();
    await answer.body?.cancel();
    if (answer.status === 404) return undefined;
    throw faultOf(answer);
  }

  async has(names: readonly string[], { signal }: StoreCall): Promise<ReadonlySet<string>> {
    const there = await Promise.all(names.map(async (name) => {
      const answer = await this.#ask("GET", this.#object(name), { fields: "name" }, signal);
      await answer.body?.cancel();
      if (answer.ok) return true;
      if (answer.status === 404) return false;
      throw faultOf(answer);
    }));
    return new Set(names.filter((_, at) => there[at]));
  }

  async put(
    name: string,
    bytes: Uint8Array<ArrayBuffer>,
    { signal, replace }: StoreCall & { readonly replace: boolean },
  ): Promise<"stored" | "exists"> {
    const condition = replace ? {} : { ifGenerationMatch: "0" };
    const query = { uploadType: "media", name: this.#start + name, ...condition };
    const answer = await this.#ask("POST", `/upload${this.#objects()}`, query, signal, bytes);
    await answer.body?.cancel();
    if (answer.ok) return "stored";
    if (answer.status === 412) return "exists";
    // Who may create may not overwrite, which takes the right to delete: then it stays as it is.
    if (replace && answer.status === 403) return "exists";
    throw faultOf(answer);
  }

  async *list(below: string, { signal }: StoreCall): AsyncGenerator<ListedObject> {
    let page: string | undefined;
    do {
      const fields = "items(name,size,timeCreated),nextPageToken";
      const more = page === undefined ? {} : { pageToken: page };
      const query = { prefix: this.#start + below, fields, ...more };
      const answer = await this.#ask("GET", this.#objects(), query, signal);
      const text = await readText(answer.body);
      if (!answer.ok) throw faultOf(answer);
      const { items = [], nextPageToken } = pageOf(text);
      for (const { name, size, timeCreated } of items) {
        if (!name.startsWith(this.#start)) {
          throw new StoreFault("odd", "the list is not of this cache");
        }
        const storedAt = Date.parse(timeCreated);
        yield { name: name.slice(this.#start.length), size: Number(size), storedAt };
      }
      page = nextPageToken;
    } while (page !== undefined && page !== "");
  }

  async remove(names: readonly string[], { signal }: StoreCall): Promise<void> {
    await Promise.all(names.map(async (name) => {
      const answer = await this.#ask("DELETE", this.#object(name), {}, signal);
      await answer.body?.cancel();
      if (!answer.ok && answer.status !== 404) throw faultOf(answer);
    }));
  }

  #objects(): string {
    return `/storage/v1/b/${encodeURIComponent(this.#request.settings.bucket)}/o`;
  }

  #object(name: string): string {
    return `${this.#objects()}/${encodeURIComponent(this.#start + name)}`;
  }

  /** One request, and another with a fresh token where the old one is not taken any more. */
  async #ask(
    method: string,
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
    body?: Uint8Array<ArrayBuffer>,
  ): Promise<Response> {
    const search = `${new URLSearchParams(query)}`;
    const url = `${this.#host}${path}${search === "" ? "" : `?${search}`}`;
    for (let isFirst = true;; isFirst = false) {
      const token = await this.#tokens?.get(signal);
      const answer = await this.#request.net.fetch(url, {
        method,
        signal,
        redirect: "manual",
        headers: {
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(body !== undefined && { "Content-Type": "application/octet-stream" }),
        },
        ...(body !== undefined && { body }),
      });
      if (answer.status !== 401 || !isFirst || this.#tokens === undefined) return answer;
      await answer.body?.cancel();
      this.#tokens.forget();
    }
  }
}

interface Page {
  readonly items?: readonly {
    readonly name: string;
    readonly size: string;
    readonly timeCreated: string;
  }[];
  readonly nextPageToken?: string;
}

function pageOf(text: string): Page {
  try {
    return JSON.parse(text);
  } catch {
    throw new StoreFault("odd", "the list is no JSON");
  }
}

function faultOf({ status, headers }: Response): StoreFault {
  return faultOfStatus(status, headers.get("Retry-After"));
}
