import { sameName } from "../config/ctx.ts";
import type { Config } from "../config/types.ts";

/** Settings of remotes whose whole value is secret. Other settings name places, people and keys that are public. */
const SECRET_KEYS = /^(token|password|headers|sign-key)$|secret|session-token/;

/**
 * Secrets that the environment holds for remotes, whether or not this run opens these: a command that no remote is used
 * for sees the same environment.
 */
export function remoteSecrets(
  { caches }: Pick<Config, "caches">,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const values = caches.flatMap(({ settings }) => [...variablesIn(settings)]).map((name) => {
    const plain = sameName(name).toUpperCase();
    return env[`PROJECT__${plain}`] ?? env[plain] ?? "";
  });
  // A sign-key may be the path of a file.
  return values.filter((value) => value !== "" && !value.startsWith("/"));
}

/** Names of `{ctx.NAME}` in what is secret about a cache. */
function* variablesIn(value: unknown, key = "", isSecret = false): Generator<string> {
  if (typeof value === "string") {
    const account = key === "url" && value.includes("@")
      ? value.slice(0, value.lastIndexOf("@"))
      : "";
    for (const [, name] of (isSecret ? value : account).matchAll(/\{ctx\.([A-Za-z0-9_-]+)/g)) {
      yield name!;
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [inner, one] of Object.entries(value)) {
      yield* variablesIn(one, inner, isSecret || SECRET_KEYS.test(inner));
    }
  }
}
