import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Stands before a server that asks nobody who he is, and lets through only who brings a bearer token. */
export class Guard implements AsyncDisposable {
  readonly #server = createServer((request, response) => void this.#pass(request, response));
  url = "";
  passed = 0;
  refused = 0;

  private constructor(private readonly behind: string, private readonly token: string) {}

  static async start(behind: string, token: string): Promise<Guard> {
    const guard = new Guard(behind, token);
    await new Promise<void>((done) => guard.#server.listen(0, "127.0.0.1", done));
    guard.url = `http://127.0.0.1:${(guard.#server.address() as AddressInfo).port}`;
    return guard;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for await (const part of request) parts.push(new Uint8Array(part));
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      this.refused += 1;
      return void response.writeHead(401).end("who are you");
    }
    this.passed += 1;
    const type = request.headers["content-type"];
    const answer = await fetch(this.behind + request.url, {
      method: request.method ?? "GET",
      headers: type === undefined ? {} : { "Content-Type": type },
      ...(parts.length > 0 && { body: new Blob(parts) }),
    });
    response.writeHead(answer.status).end(new Uint8Array(await answer.arrayBuffer()));
  }
}
