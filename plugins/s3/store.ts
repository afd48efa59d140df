import {
  type ListedObject,
  type ObjectStore,
  readText,
  startOfPrefix,
  type StoreCall,
  StoreFault,
  type StoreRequest,
} from "../../mod.ts";
import { faultOf, isRegion, Requests, type S3Answer, type S3Request } from "./requests.ts";
import type { S3Settings } from "./schema.ts";
import { tagged } from "./sts.ts";

/** Opens a bucket, or the part of one below a prefix. */
export function openS3Store(request: StoreRequest<S3Settings>): ObjectStore {
  const { settings: { bucket, "region-name": region }, bad } = request;
  if (bucket === "") throw bad("bucket", "it is empty");
  // What cannot stand in a host's name would leave it out, and ask for a bucket named by the prefix.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/.test(bucket)) {
    throw bad("bucket", `"${bucket}" cannot name a bucket`, "Write what follows it as the prefix");
  }
  if (region && !isRegion(region)) throw bad("region-name", `"${region}" cannot name a region`);
  return new S3Store(request);
}

class S3Store implements ObjectStore {
  readonly place: string;
  readonly #requests: Requests;
  /** What all keys begin with. */
  readonly #start: string;
  /** Whether the server knows `If-None-Match` for a put; until it says otherwise it does. */
  #isConditional = true;

  constructor(request: StoreRequest<S3Settings>) {
    const { bucket } = request.settings;
    this.#start = startOfPrefix(request);
    this.place = `s3://${bucket}/${this.#start}`.replace(/\/$/, "");
    this.#requests = new Requests(request);
  }

  get secrets(): readonly string[] {
    return this.#requests.secrets;
  }

  async get(name: string, { signal }: StoreCall) {
    const answer = await this.#ask({ method: "GET", key: this.#start + name }, signal);
    if (answer.status === 200) return answer.body ?? new Blob([]).stream();
    const code = await codeOf(answer);
    if (answer.status === 404 && code !== "NoSuchBucket") return undefined;
    throw faultOf(answer, code);
  }

  async has(names: readonly string[], { signal }: StoreCall): Promise<ReadonlySet<string>> {
    const there = await Promise.all(names.map((name) => this.#isThere(name, signal)));
    return new Set(names.filter((_, at) => there[at]));
  }

  async put(
    name: string,
    body: Uint8Array<ArrayBuffer>,
    { signal, replace }: StoreCall & { readonly replace: boolean },
  ): Promise<"stored" | "exists"> {
    if (!replace && !this.#isConditional && await this.#isThere(name, signal)) return "exists";
    const headers = replace || !this.#isConditional ? {} : { "If-None-Match": "*" };
    const answer = await this.#ask(
      { method: "PUT", key: this.#start + name, body, headers },
      signal,
    );
    const code = await codeOf(answer);
    if (answer.ok) return "stored";
    // 409: somebody else is writing the same object at this moment.
    if (answer.status === 412 || answer.status === 409) return "exists";
    // A policy may demand the condition: then nothing can be replaced, and that is as it should be.
    if (replace && answer.status === 403) return "exists";
    if (answer.status !== 501 || !this.#isConditional) throw faultOf(answer, code);
    this.#isConditional = false;
    return await this.put(name, body, { signal, replace });
  }

  async *list(below: string, { signal }: StoreCall): AsyncGenerator<ListedObject> {
    for await (const object of listAll(this.#requests, this.#start + below, signal)) {
      yield { ...object, name: object.name.slice(this.#start.length) };
    }
  }

  async remove(names: readonly string[], { signal }: StoreCall): Promise<void> {
    await Promise.all(names.map(async (name) => {
      const answer = await this.#ask({ method: "DELETE", key: this.#start + name }, signal);
      const code = await codeOf(answer);
      if (!answer.ok && answer.status !== 404) throw faultOf(answer, code);
    }));
  }

  #ask(request: S3Request, signal: AbortSignal): Promise<S3Answer> {
    return this.#requests.ask(request, signal);
  }

  async #isThere(name: string, signal: AbortSignal): Promise<boolean> {
    const answer = await this.#ask({ method: "HEAD", key: this.#start + name }, signal);
    await answer.body?.cancel();
    if (answer.ok) return true;
    if (answer.status === 404) return false;
    throw faultOf(answer, "");
  }
}

/** Pages of a bucket's list, as many as there are. */
async function* listAll(
  requests: Requests,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<ListedObject> {
  let token: string | undefined;
  do {
    const more = token === undefined ? {} : { "continuation-token": token };
    const query = { "list-type": "2", prefix, ...more };
    const answer = await requests.ask({ method: "GET", key: "", query }, signal);
    const text = await readText(answer.body);
    if (!answer.ok) throw faultOf(answer, tagged(text, "Code") ?? "");
    for (const [, item] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
      const name = tagged(item!, "Key") ?? "";
      const storedAt = Date.parse(tagged(item!, "LastModified") ?? "");
      if (!name.startsWith(prefix)) {
        throw new StoreFault("odd", "the list holds what was not asked for");
      }
      yield { name, size: Number(tagged(item!, "Size")), storedAt };
    }
    const isCut = tagged(text, "IsTruncated") === "true";
    token = isCut ? tagged(text, "NextContinuationToken") : undefined;
  } while (token !== undefined);
}

async function codeOf(answer: S3Answer): Promise<string> {
  return tagged(await readText(answer.body), "Code") ?? "";
}
