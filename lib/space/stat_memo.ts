import { unlessClosed } from "../sys/unless_closed.ts";
import type { VenvPorts } from "./ports.ts";

/** What changes twice within this time may keep its time stamp, as git's "racy" files do. */
const RACY_MS = 2000;

interface Known<T> {
  readonly stamp: string;
  readonly value: T;
}

/** Values made from paths, remembered in memory with the stat that they were made under. */
export class StatMemo<T> {
  readonly #ports: Pick<VenvPorts, "files" | "clock">;
  readonly #make: (path: string) => T;
  readonly #known = new Map<string, Known<T>>();
  #checked = new Set<string>();

  constructor(ports: Pick<VenvPorts, "files" | "clock">, make: (path: string) => T) {
    this.#ports = ports;
    this.#make = make;
  }

  /** The value of a path; made anew where its stat differs, or was too young to tell. */
  get(path: string): T {
    const known = this.#known.get(path);
    if (known !== undefined && this.#checked.has(path)) return known.value;
    // Taken before the value, so that a change in between shows at the next look.
    const stamp = this.#stamp(path);
    this.#checked.add(path);
    if (known !== undefined && stamp !== undefined && known.stamp === stamp) return known.value;
    const value = this.#make(path);
    this.#known.set(path, { stamp: stamp ?? "", value });
    return value;
  }

  /** The next question about each path looks at its stat again. */
  invalidate(): void {
    this.#checked = new Set();
  }

  /** Text that differs where the path was changed, or `undefined` where it would not tell. */
  #stamp(path: string): string | undefined {
    const stat = unlessClosed(() => this.#ports.files.stat(path));
    if (stat === undefined) return "absent";
    const { mtimeNs, ctimeNs } = stat;
    const changedMs = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n);
    if (changedMs > this.#ports.clock.now() - RACY_MS) return undefined;
    return `${stat.kind}:${stat.ino}:${stat.size}:${mtimeNs}:${ctimeNs}`;
  }
}
