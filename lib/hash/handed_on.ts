import { byCodeUnit } from "../base/order.ts";
import { DigestSink } from "./sinks.ts";

/** An artifact as far as those who use it can tell: not its exact mode, only whether it can be executed. */
export interface HandedOn {
  readonly path: string;
  readonly kind: "file" | "link" | "directory";
  readonly mode: number;
  readonly content: string;
}

/**
 * Digest of what a task hands on to its dependants: the content of its artifacts. A task that ran again and
 * wrote the same bytes hands on the same digest, so its dependants stay hits.
 */
export function handedOnDigest(artifacts: readonly HandedOn[]): string {
  const sink = new DigestSink();
  sink.field("artifacts", `${artifacts.length}`);
  const sorted = [...artifacts].sort((a, b) => byCodeUnit(a.path, b.path));
  for (const { path, kind, mode, content } of sorted) {
    const executable = kind === "file" && (mode & 0o100) !== 0;
    sink.field(path, `${kind}${executable ? "+x" : ""} ${content}`);
  }
  return `artifacts:${sink.end()}`;
}
