import { VERSION } from "../../base/version.ts";
import type { AppParts, Exit } from "../parts.ts";
import type { Invocation } from "../args.ts";

/** `qik :version`: what a bug report needs to say. */
export function run({ sys }: AppParts, { json }: Invocation): Exit {
  const { arch, runtime } = sys.machine;
  const text = json
    ? JSON.stringify({ version: VERSION, arch, runtime })
    : `qik ${VERSION} (${arch}, ${runtime})`;
  sys.terminal.write("out", new TextEncoder().encode(`${text}\n`));
  return { code: 0 };
}
