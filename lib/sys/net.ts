/** The network, as far as qik uses it: the Web's `fetch`, which both runtimes implement natively. */
export interface Net {
  /**
   * Asks a server. Rejects where no answer came at all; an answer of any status resolves.
   *
   * Its signal also ends a body that is still being read.
   */
  fetch(url: string | URL | Request, init?: RequestInit): Promise<Response>;
}

/** The network of this machine; proxies and certificates are those that the runtime's own variables name. */
export const systemNet: Net = { fetch: (url, init) => fetch(url, init) };
