import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

/** One request as the server saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
}

/** A plain HTTP server that keeps what is put to it, as nginx with dav does; for tests that look inside. */
export class ObjectServer implements AsyncDisposable {
  readonly objects = new Map<string, Uint8Array>();
  readonly seen: Seen[] = [];
  /** Answers in the server's place where it returns true. */
  before: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  /** Awaited before the answer. */
  hold: (request: IncomingMessage) => Promise<void> | void = () => {};
  readonly #server;
  url = "";

  private constructor(certificate: string | undefined) {
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      void this.#answer(request, response);
    this.#server = certificate === undefined
      ? createServer(answer)
      : createTlsServer({ key: certificate, cert: certificate }, answer);
  }

  /** @param certificate With its key (PEM): then it speaks TLS. */
  static async start(certificate?: string): Promise<ObjectServer> {
    const server = new ObjectServer(certificate);
    await new Promise<void>((done) => server.#server.listen(0, "127.0.0.1", done));
    const protocol = certificate === undefined ? "http" : "https";
    server.url = `${protocol}://127.0.0.1:${(server.#server.address() as AddressInfo).port}`;
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: path = "", headers } = request;
    this.seen.push({ method, path, headers });
    if (this.before(request, response)) return;
    await this.hold(request);
    const kept = this.objects.get(path);
    if (method === "PUT") {
      const parts: Uint8Array[] = [];
      for await (const part of request) parts.push(part);
      const exists = headers["if-none-match"] === "*" && kept !== undefined;
      if (!exists) this.objects.set(path, Buffer.concat(parts));
      response.writeHead(exists ? 412 : 201).end();
    } else if (kept === undefined) response.writeHead(404).end("no such object");
    else {
      response.writeHead(200, { "Content-Length": kept.length });
      response.end(method === "HEAD" ? undefined : kept);
    }
  }
}
