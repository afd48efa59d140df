import { concat, encodeName } from "./bytes.ts";
import { OutputMask, SecretBytes } from "./output_mask.ts";
import { percentDecoded } from "./percent.ts";

/**
 * Names of variables that hold credentials wherever they are met; `*` stands for any text (docs/output.md has the
 * same list).
 */
export const SECRET_NAMES: readonly string[] = [
  "*TOKEN*",
  "*SECRET*",
  "*PASSWORD*",
  "*PASSWD*",
  "*PASSPHRASE*",
  "*CREDENTIAL*",
  "*API_KEY*",
  "*APIKEY*",
  "*ACCESS_KEY*",
  "*PRIVATE_KEY*",
  "*SIGNING_KEY*",
  "*ENCRYPTION_KEY*",
  "*_AUTH",
  "*_PAT",
  "*COOKIE*",
];
/** Names of that kind that say where a credential is, not what it is. */
const PLACES = /_(?:FILE|PATH|DIR|SOCK|URL|URI|HOST|NAME)$/;
/** A shorter value (`yes`, `1234`) also stands where it is no secret: masking it would garble what is printed. */
const SHORTEST = 6;
/** What credentials in addresses look like; the group is the secret. */
const IN_URL = [
  // The password in `https://user:password@host`.
  /[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:([^@/\s]+)@/gi,
  // A token alone, or before what only stands in for a password. `ssh://git@host` names an account.
  /https?:\/\/([^/\s:@?#]+)(?::(?:x-oauth-basic)?)?@/gi,
  // Elsewhere only a long word alone before the host is a token.
  /[a-z][a-z0-9+.-]*:\/\/([^/\s:@]{20,})@/gi,
  // Whoever has a presigned address may do what it says.
  /[?&;](?:sig|[\w.-]*(?:signature|token|secret|passw(?:or)?d|api_?key|access_?key))=([^&;#\s"']+)/gi,
];

/**
 * A text in which all addresses stand without user and password.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { withoutAccounts } from "./secrets.ts";
 * assert.equal(withoutAccounts("git+https://me:word@host/a and ssh://b"), "git+https://host/a and ssh://b");
 * ```
 */
export function withoutAccounts(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/\s@"]*@/gi, "$1");
}

/** The environment of a process: names to values. */
type Environ = Readonly<Record<string, string | undefined>>;

/**
 * What may not leave qik: the values of variables that are credentials by their name, and credentials in addresses.
 *
 * Values are learnt as environments are met (qik's own, those of tasks with their dotenv files); what is
 * masked afterwards is masked with all that is known by then.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Secrets } from "./secrets.ts";
 * const secrets = new Secrets();
 * secrets.learn({ NPM_TOKEN: "npm_abcdef", DATABASE: "pg://me:hunter22@db/x", CI: "true" });
 * assert.equal(secrets.text("npm_abcdef and hunter22"), "*** and ***");
 * ```
 */
export class Secrets {
  #isSecret = matcherOf(SECRET_NAMES);
  #isNamed: (name: string) => boolean = () => false;
  readonly #values = new Set<string>();
  /** What was looked at: environments of tasks differ in few variables, and a look takes 2 µs for each. */
  readonly #met = new Map<string, string>();
  readonly #sources: (() => readonly string[])[] = [];
  /** Made anew when a value was learnt. */
  #bytes: SecretBytes | undefined;

  /** Takes more names for those of secrets, and what they hold in environments that were met before. */
  alsoNamed(patterns: readonly string[], environ: Environ): void {
    this.#isNamed = matcherOf(patterns);
    this.#met.clear();
    this.learn(environ);
  }

  learn(environ: Environ): void {
    for (const [name, value] of Object.entries(environ)) {
      if (value === undefined || value.length < SHORTEST) continue;
      if (this.#met.get(name) === value) continue;
      this.#met.set(name, value);
      const upper = name.toUpperCase();
      const known = this.#isSecret(upper) && !PLACES.test(upper);
      if (known || this.#isNamed(upper)) this.#add(value);
      else if (value.includes("://")) {
        for (const pattern of IN_URL) {
          for (const [, secret] of value.matchAll(pattern)) this.#add(secret!);
        }
      }
    }
  }

  /** Learns what somebody else knows, now and whenever something is masked. */
  follow(source: () => readonly string[]): void {
    this.#sources.push(source);
  }

  /** Learns what the sources know by now. @returns Whether there is anything to mask. */
  #refresh(): boolean {
    for (const source of this.#sources) for (const value of source()) this.#add(value);
    return this.#values.size > 0;
  }

  /** A value of several lines is also told line by line: programs indent or number them. */
  #add(value: string): void {
    const forms = [value, ...value.split(/\r?\n/), encodedForUrls(value), percentDecoded(value)];
    for (const form of forms.map((text) => text.trim())) {
      if (form.length < SHORTEST || this.#values.has(form)) continue;
      this.#values.add(form);
      this.#bytes = undefined;
    }
  }

  /** A mask for one stream of output, with all that is known now; `undefined` where nothing is. */
  stream(): OutputMask | undefined {
    if (!this.#refresh()) return undefined;
    this.#bytes ??= new SecretBytes([...this.#values].map(encodeName));
    return new OutputMask(this.#bytes);
  }

  /** Bytes that are whole. */
  bytes(bytes: Uint8Array): Uint8Array {
    const mask = this.stream();
    if (mask === undefined) return bytes;
    return concat([mask.push(bytes), mask.end()]);
  }

  text(text: string): string {
    if (!this.#refresh()) return text;
    for (const value of this.#values) {
      if (text.includes(value)) return new TextDecoder().decode(this.bytes(encodeName(text)));
    }
    return text;
  }

  /** A value made of plain objects, lists, texts and bytes, with all its texts masked; itself where none changes. */
  deep<T>(value: T): T {
    return this.#refresh() ? this.#deep(value) : value;
  }

  #deep<T>(value: T): T {
    if (typeof value === "string") return this.text(value) as T;
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
    if (Array.isArray(value)) {
      const masked = value.map((item) => this.#deep(item));
      return masked.some((item, at) => item !== value[at]) ? masked as T : value;
    }
    const changed = Object.entries(value).flatMap(([key, inner]) => {
      const masked = this.#deep(inner);
      return masked === inner ? [] : [[key, masked] as const];
    });
    return changed.length === 0 ? value : { ...value, ...Object.fromEntries(changed) };
  }
}

function encodedForUrls(value: string): string {
  return encodeURIComponent(value.toWellFormed());
}

/** Whether a name in capitals is one of the patterns. */
function matcherOf(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.length === 0) return () => false;
  const parts = patterns.map((pattern) =>
    pattern.toUpperCase().replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/\*+/g, ".*")
  );
  const whole = new RegExp(`^(?:${parts.join("|")})$`, "s");
  return (name) => whole.test(name);
}
