import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readlinkSync,
  readSync,
  writeSync,
} from "node:fs";
import process from "node:process";

/** A pipe whose bytes are tokens, as GNU make's jobserver has it. Neither call ever waits. */
export interface TokenPipe {
  /** Takes one token; `undefined` where there is none now. */
  take(): number | undefined;
  give(token: number): void;
  close(): void;
}

/**
 * Opens a named pipe, for reading and writing: so it never looks closed.
 *
 * @throws The system's error, or one without a code where something else stands there.
 */
export function openTokenPipe(path: string): TokenPipe {
  // One more way to the pipe: that this one does not wait is nobody else's matter.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  if (!fstatSync(fd).isFIFO()) {
    closeSync(fd);
    throw new Error("it is not a pipe");
  }
  const room = new Uint8Array(1);
  return {
    take() {
      try {
        return readSync(fd, room, 0, 1, null) === 1 ? room[0] : undefined;
      } catch {
        return undefined;
      }
    },
    give(token) {
      try {
        writeSync(fd, Uint8Array.of(token));
      } catch {
        // A full pipe: somebody has put in more than there were.
      }
    },
    close: () => closeSync(fd),
  };
}

/**
 * A name for a pipe that this process was started with, by its number there. The number may also be that of a pipe which
 * the runtime made for itself: it counts only where the parent has the same one (Linux).
 */
export function inheritedPipe(fd: number): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const own = readlinkSync(`/proc/self/fd/${fd}`);
    const same = own.startsWith("pipe:") && own === readlinkSync(`/proc/${process.ppid}/fd/${fd}`);
    return same ? `/proc/self/fd/${fd}` : undefined;
  } catch {
    return undefined;
  }
}
