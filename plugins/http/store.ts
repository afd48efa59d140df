import {
  faultOfStatus,
  type ObjectStore,
  percentDecoded,
  readBytes,
  sha256,
  type StoreCall,
  type StoreFault,
  type StoreRequest,
} from "../../mod.ts";
import { unwrapRecord, wrapRecord } from "./action_result.ts";
import type { HttpSettings } from "./schema.ts";

/** What a name of qik's is on such a server. */
interface Location {
  readonly url: string;
  readonly isRecord: boolean;
}

/** Opens `<url>/ac/<sha256>` and `<url>/cas/<sha256>`. The protocol can neither list nor remove. */
export function openHttpStore(request: StoreRequest<HttpSettings>): ObjectStore {
  const { net } = request;
  const base = baseOf(request);
  const { headers, secrets } = credentials(base, request);
  if (secrets.length > 0) requireTls(base, request);
  base.username = base.password = "";
  const root = base.href.replace(/\/+$/, "");
  const ask = (method: string, url: string, call: StoreCall, init: RequestInit = {}) =>
    net.fetch(url, {
      ...init,
      method,
      // Nobody but this server may be handed the credentials.
      redirect: "manual",
      headers: { ...headers, ...init.headers as Record<string, string> | undefined },
      signal: call.signal,
    });
  const has = async (name: string, call: StoreCall): Promise<boolean> => {
    const { url } = locate(root, name);
    const answer = await ask("HEAD", url, call);
    await answer.body?.cancel();
    if (answer.ok) return true;
    if (answer.status === 404) return false;
    throw faultOf(answer);
  };
  return {
    place: root,
    secrets,
    async get(name, call) {
      const { url, isRecord } = locate(root, name);
      const answer = await ask("GET", url, call);
      if (answer.status === 200) return isRecord ? unwrapped(answer) : answer.body ?? empty();
      await answer.body?.cancel();
      if (answer.status === 404) return undefined;
      throw faultOf(answer);
    },
    async has(names, call) {
      const there = await Promise.all(names.map((name) => has(name, call)));
      return new Set(names.filter((_, at) => there[at]));
    },
    async put(name, bytes, call) {
      const { url, isRecord } = locate(root, name);
      // No server of this kind is known to have a condition for it, so this is the nearest. What is named by its own
      // digest may be written over: it cannot become anything else.
      if (isRecord && !call.replace && await has(name, call)) return "exists";
      const body = isRecord ? wrapRecord(bytes) : bytes;
      const type = { "Content-Type": "application/octet-stream" };
      const condition = call.replace ? {} : { "If-None-Match": "*" };
      const answer = await ask("PUT", url, call, { body, headers: { ...type, ...condition } });
      await answer.body?.cancel();
      if (answer.ok) return "stored";
      if (answer.status === 412 || answer.status === 409) return "exists";
      // What may be written may not always be written over.
      if (call.replace && answer.status === 403) return "exists";
      throw faultOf(answer);
    },
  };
}

function baseOf({ settings: { url }, bad }: StoreRequest<HttpSettings>): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base?.protocol === "http:" || base?.protocol === "https:") {
    if (base.search === "" && base.hash === "") return base;
    const why = "it has a query or a fragment (behind ? or #), which is not sent";
    throw bad("url", why, "Leave it out; what is secret belongs into token, password or headers");
  }
  // It may hold a password, so it is not shown.
  const hint = 'Write one such as url = "https://cache.example.com"';
  throw bad("url", "it is no address of a server", hint);
}

/** Credentials that anybody on the way can read are none; what goes to this machine itself passes nobody. */
function requireTls(base: URL, { settings, bad }: StoreRequest<HttpSettings>): void {
  const isHere = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(base.hostname);
  if (base.protocol === "https:" || isHere || settings.insecure === true) return;
  const why = "credentials would be sent over http://, which everybody on the way can read";
  throw bad("url", why, "Write https://, or insecure = true where you trust the network");
}

/** A token, or user and password, from the settings or from the address. */
function credentials(base: URL, { settings, bad }: StoreRequest<HttpSettings>) {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(settings.headers ?? {})) {
    headers[name] = value.trim();
    if (!isHeaderValue(headers[name])) throw bad("headers", `"${name}" ${UNSENDABLE}`);
  }
  // Files of secrets tend to end with a line break.
  const token = settings.token?.trim() ?? "";
  if (!isHeaderValue(token)) throw bad("token", `it ${UNSENDABLE}`);
  // One without the other is a secret that CI did not hand out.
  const isPair = Boolean(settings.user) && Boolean(settings.password);
  const user = isPair ? settings.user! : percentDecoded(base.username);
  const password = isPair ? settings.password! : percentDecoded(base.password);
  const pair = btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${password}`)));
  if (token !== "") headers["Authorization"] = `Bearer ${token}`;
  else if (user !== "" || password !== "") headers["Authorization"] = `Basic ${pair}`;
  const secrets = [token, password, ...Object.values(settings.headers ?? {})];
  if (user !== "" || password !== "") secrets.push(pair);
  // A name without a password is the secret itself.
  if (password === "") secrets.push(user);
  return { headers, secrets: secrets.filter((secret) => secret !== "") };
}

const UNSENDABLE = "has characters that HTTP cannot send in a header (line breaks, say)";

/** Visible characters of Latin-1, spaces and tabs. */
function isHeaderValue(text: string): boolean {
  return /^[\t -~\u00a0-\u00ff]*$/.test(text);
}

/** Pieces are named by their own digest; every other name is digested. */
function locate(root: string, name: string): Location {
  const piece = /^v1\/blob\/..\/([0-9a-f]{64})$/.exec(name);
  if (piece !== null) return { url: `${root}/cas/${piece[1]}`, isRecord: false };
  const digest = sha256(new TextEncoder().encode(name));
  return { url: `${root}/ac/${digest}`, isRecord: true };
}

async function unwrapped(answer: Response): Promise<ReadableStream<Uint8Array>> {
  const record = unwrapRecord(await readBytes(answer.body));
  return new Response(record).body ?? empty();
}

function empty(): ReadableStream<Uint8Array> {
  return new Blob([]).stream();
}

function faultOf({ status, headers }: Response): StoreFault {
  return faultOfStatus(status, headers.get("Retry-After"));
}
