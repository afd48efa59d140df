/** The same in a worker. */
import { workOf } from "./work.ts";

const scope = globalThis as unknown as {
  onmessage: (event: { data: readonly string[] }) => void;
  postMessage: (lines: readonly string[]) => void;
};
scope.onmessage = ({ data }) => scope.postMessage(workOf(data));
