import { Witness } from "../proof/witness.ts";
import type { Sys } from "../sys/sys.ts";

/** Places where qik keeps what it may lose at any time; what lies in them decides nothing. */
const OWN = /\/\._qik(\/(state|cache|out|\.gitignore)(\/.*)?)?$/;

/** A witness of a whole run. */
export function newWitness(sys: Pick<Sys, "files" | "clock">): Witness {
  return new Witness(sys, (path) => OWN.test(path));
}

/** The outside as seen by a witness. What a program or a plugin of the
 * user's answers is nothing that can be checked later. */
export function seenBy(witness: Witness, sys: Sys): Sys {
  const { processes, modules } = sys;
  return {
    ...sys,
    files: witness.files,
    modules: {
      load(source, root) {
        // It may read whatever it likes.
        witness.doubt();
        return modules.load(source, root);
      },
    },
    processes: {
      ...processes,
      capture(request) {
        witness.doubt();
        return processes.capture(request);
      },
    },
  };
}
