/** An index of packages that asks who wants them. */
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** See {@link startIndex}. */
export interface IndexServer extends AsyncDisposable {
  readonly port: number;
  /** How many requests came with one of the passwords. */
  answered(): number;
}

/** Serves a directory that `writeWheels` has filled, to whoever gives one of the passwords. */
export async function startIndex(
  directory: string,
  passwords: readonly string[],
): Promise<IndexServer> {
  let answered = 0;
  const server = createServer(async (request, response) => {
    const [, word = ""] = (request.headers.authorization ?? "").split(" ");
    const [, password = ""] = atob(word).split(":");
    if (!passwords.includes(password)) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="packages"' }).end();
      return;
    }
    answered += 1;
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = join(directory, decodeURIComponent(pathname));
    const isDirectory = await stat(path).then((found) => found.isDirectory(), () => false);
    const bytes = await readFile(isDirectory ? join(path, "index.html") : path)
      .catch(() => undefined);
    const type = isDirectory ? "text/html" : "application/octet-stream";
    if (bytes === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": type }).end(bytes);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    answered: () => answered,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
