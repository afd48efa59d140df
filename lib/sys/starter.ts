import { constants } from "node:os";
import type { ChildEnd, Stream } from "./sys.ts";

/** What a runtime must be told to start a process. */
export interface StartRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdio: "capture" | "inherit";
  /** Lead a session and so a process group of its own. */
  readonly ownGroup: boolean;
  /** Given on standard input, which is closed where this is unset (not for `inherit`). */
  readonly stdin?: Uint8Array;
  /** Pass the arguments on as they are, because `cmd.exe` does its own quoting. */
  readonly verbatim: boolean;
  /** The bytes are the listener's to keep. */
  readonly onOutput: (stream: Stream, bytes: Uint8Array) => void;
}

/** A process that was started. */
export interface Started {
  readonly pid: number;
  readonly ended: Promise<ChildEnd>;
  /** Resolves when it has ended and nobody holds its output any more. */
  readonly drained: Promise<void>;
  closeOutput(): void;
}

/** Starts a process in one of the runtimes; throws the system's error where it cannot be started. */
export type Starter = (request: StartRequest) => Started;

/** The name of a signal number, such as `SIGKILL`; `signal 34` where it has none. */
export function signalName(number: number): string {
  const known = Object.entries(constants.signals).find(([, value]) => value === number);
  return known?.[0] ?? `signal ${number}`;
}

/** The number of a named signal, 0 where it is not one of this machine's. */
export function signalNumber(name: string): number {
  return (constants.signals as Readonly<Record<string, number>>)[name] ?? 0;
}
