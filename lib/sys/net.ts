import process from "node:process";

/** The network, as far as qik uses it: the Web's `fetch`, which both runtimes implement natively. */
export interface Net {
  /**
   * Asks a server. Rejects where no answer came at all; an answer of any status resolves.
   *
   * Its signal also ends a body that is still being read.
   */
  fetch(url: string | URL | Request, init?: RequestInit): Promise<Response>;
  /**
   * The same network, in which these authorities (PEM) may vouch for a server as well as those that the runtime knows.
   * A text that holds no certificate makes every call fail, or throws here.
   */
  trusting?(authorities: string): Net;
}

/** The network of this machine; proxies and certificates are those that the runtime's own variables name. */
export const systemNet: Net = {
  fetch: (url, init) => fetch(url, init),
  trusting: (authorities) => "Deno" in globalThis ? ofDeno(authorities) : ofBun(authorities),
};

function ofDeno(authorities: string): Net {
  const client = Deno.createHttpClient({ caCerts: [authorities] });
  return { fetch: (url, init) => fetch(url, { ...init, client }) };
}

/** Here those that are given replace those that are known. */
function ofBun(authorities: string): Net {
  const { rootCertificates } = process.getBuiltinModule("node:tls");
  const tls = { ca: [...rootCertificates, authorities] };
  return { fetch: (url, init) => fetch(url, { ...init, tls } as RequestInit) };
}
