/** Credentials in URLs of channels. They stand in no lock: it is stored and committed. */

/**
 * Without user, password and token: `/t/<token>` is how channels of Anaconda are asked.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { withAccount, withoutAccount } from "./accounts.ts";
 * const channel = "https://me:word@example.org/t/to-ken/main";
 * assert.equal(withoutAccount(channel), "https://example.org/main");
 * const archive = "https://example.org/main/noarch/a-1-0.conda";
 * assert.equal(withAccount(archive, [channel]), `${channel}/noarch/a-1-0.conda`);
 * ```
 */
export function withoutAccount(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/\s]*@/i, "$1")
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^/\s]+)\/t\/[^/\s]+(?=\/)/i, "$1");
}

/** The URL of an archive with the account of the channel that it lies in. */
export function withAccount(url: string, channels: readonly string[]): string {
  for (const channel of channels) {
    const bare = `${withoutAccount(channel).replace(/\/+$/, "")}/`;
    if (bare.includes("://") && url.startsWith(bare)) {
      return `${channel.replace(/\/+$/, "")}/${url.slice(bare.length)}`;
    }
  }
  return url;
}
