import type { FileState } from "../git/tree.ts";
import { type TaskKey, writeKey } from "./key.ts";
import { DigestSink, ExplainSink } from "./sinks.ts";

/** All that a task's key was made of except what other tasks hand on: two of them tell whether it changed by itself. */
export interface Picture {
  readonly files: readonly FileState[];
  /** Made when asked. */
  digest(): string;
  /** `name<TAB>value` lines, as in explanations; made when asked. */
  lines(): readonly string[];
}

/** The picture of a record. Costs nothing until it is asked. */
export function pictureOf(record: TaskKey, secretKey: () => Uint8Array): Picture {
  const own: TaskKey = { ...record, upstream: [] };
  let digest: string | undefined;
  return {
    files: own.files,
    digest() {
      if (digest !== undefined) return digest;
      const sink = new DigestSink();
      writeKey(sink, own);
      return digest = sink.end();
    },
    lines() {
      const sink = new ExplainSink(secretKey());
      writeKey(sink, own);
      return sink.lines;
    },
  };
}
