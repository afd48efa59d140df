import { QikError } from "../../../lib/base/problems.ts";
import type { Net } from "../../../lib/sys/net.ts";

/** A request as a plugin sent it. */
export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A network whose servers are one function; a request that it does not answer fails as if nobody were there. */
export function fakeNet(
  answer: (sent: Sent) => Response | undefined,
): { readonly net: Net; readonly sent: Sent[] } {
  const sent: Sent[] = [];
  const net: Net = {
    async fetch(url, init) {
      const request = new Request(url, init);
      const one: Sent = {
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: await request.text(),
      };
      sent.push(one);
      const found = answer(one);
      if (found === undefined) throw new TypeError("connection refused");
      return found;
    },
  };
  return { net, sent };
}

/** What qik hands to a store for settings that it cannot use. */
export function bad(key: string, why: string): QikError {
  return new QikError({ code: "config-bad-value", message: `Cannot use the ${key}: ${why}` });
}

/** Files by their paths. */
export function fakeFiles(files: Readonly<Record<string, string>>) {
  return {
    read: (path: string) =>
      files[path] === undefined ? undefined : new TextEncoder().encode(files[path]),
  };
}
