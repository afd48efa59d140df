import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";

/** What a server does instead of what was asked. */
export type Misdeed = (
  request: IncomingMessage,
  response: ServerResponse,
  kept: Uint8Array | undefined,
) => void;

const BOMB = gzipSync(Buffer.alloc(64 << 20));
const status = (code: number, headers: Record<string, string> = {}): Misdeed => (_, response) => {
  response.writeHead(code, headers).end("<h1>no</h1>");
};

/** A body whose connection breaks off in the middle. */
function cutOff(
  request: IncomingMessage,
  response: ServerResponse,
  headers: Record<string, string>,
) {
  response.writeHead(200, headers);
  response.write("x".repeat(100), () => request.socket.destroy());
}

/** One byte a second, paced by a program: tests keep no timers. */
function drip(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { "Content-Length": "100000" });
  const pace = spawn("sh", ["-c", "while printf x; do sleep 1; done"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  pace.stdout.on("data", (bytes) => void response.write(bytes));
  request.socket.on("close", () => pace.kill("SIGKILL"));
}

/** The faults of a server that can be reached, by name. */
export const FAULTS: Readonly<Record<string, Misdeed>> = {
  "no answer": () => {},
  "1 byte a second": drip,
  "500": status(500),
  "503 with Retry-After": status(503, { "Retry-After": "60" }),
  "403": status(403),
  "reset before the answer": (request) => void request.socket.destroy(),
  "reset in the body": (request, response) =>
    cutOff(request, response, { "Content-Length": "9999" }),
  "body too short, with a length": (_, response, kept) => {
    response.writeHead(200, { "Content-Length": `${(kept?.length ?? 50) + 10}` });
    response.end(kept?.subarray(0, -5));
  },
  "body too short, without a length": (_, response, kept) => {
    response.writeHead(200);
    response.end(kept?.subarray(0, -5));
  },
  "wrong bytes": (_, response, kept) => {
    const bytes = Buffer.from(kept ?? []);
    for (let at = 5; at < bytes.length; at += 97) bytes[at]! ^= 1;
    response.writeHead(200).end(bytes);
  },
  "a page of HTML": status(200, { "Content-Type": "text/html" }),
  "a bomb of gzip": (_, response) => {
    response.writeHead(200, { "Content-Encoding": "gzip" }).end(BOMB);
  },
  "redirects without an end": (request, response) => {
    response.writeHead(302, { Location: request.url ?? "/" }).end();
  },
};
