import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** An index of packages over HTTP, for tools that read no other; it lasts as long as this process. */
export interface OpenIndex {
  /** Of the directory itself. */
  readonly url: string;
  /** Serves what `writeWheels` or `writeChannel` wrote there, in place of what was served before. */
  serve(directory: string): void;
}

/** Starts an index; to be awaited outside of any test, which must end with what it began with. */
export async function openIndex(): Promise<OpenIndex> {
  let served: string | undefined;
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(request.url ?? "/");
    const page = path.endsWith("/");
    const bytes = await readFile(join(served ?? "/nowhere", path, page ? "index.html" : ""))
      .catch(() => undefined);
    if (bytes === undefined) response.writeHead(404).end();
    else response.writeHead(200, page ? { "content-type": "text/html" } : {}).end(bytes);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve: (directory) => void (served = directory),
  };
}
