import type { StoreRequest } from "../../mod.ts";

/** What credentials are looked for in. */
export type Sources = Pick<StoreRequest<unknown>, "env" | "files" | "net" | "clock">;

/** What signs requests. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** Milliseconds since the epoch after which they are worth nothing. */
  readonly expiresAt?: number | undefined;
}
