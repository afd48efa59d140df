import { makeKeys } from "../../../cache/remote/keys.ts";
import type { MetaCall } from "../../meta_spec.ts";
import type { AppParts, Exit } from "../../parts.ts";
import { columns, print, printJson } from "./print.ts";

/** `qik :cache keygen`. Needs no project. */
export async function run({ sys }: AppParts, { json }: MetaCall): Promise<Exit> {
  const { id, secretKey, publicKey } = await makeKeys();
  if (json) printJson(sys, { id, secretKey, publicKey });
  else {
    print(
      sys,
      columns([
        ["secret key (sign-key)", secretKey],
        ["public key (accept-keys)", publicKey],
        ["id", id],
      ]),
    );
  }
  return { code: 0 };
}
