import { VERSION } from "../../base/version.ts";
import type { MetaCall } from "../meta_spec.ts";
import type { AppParts, Exit } from "../parts.ts";

/** Put in by the build of the executable; not there when qik runs from its source. */
declare const QIK_COMMIT: string | undefined;

/** `qik :version`: what a bug report needs to say. */
export function run({ sys }: AppParts, { json }: MetaCall): Exit {
  const { arch, runtime } = sys.machine;
  const commit = typeof QIK_COMMIT === "undefined" ? "source" : QIK_COMMIT;
  const text = json
    ? JSON.stringify({ version: VERSION, commit, arch, runtime })
    : `qik ${VERSION} (${commit}, ${arch}, ${runtime})`;
  sys.terminal.write("out", new TextEncoder().encode(`${text}\n`));
  return { code: 0 };
}
