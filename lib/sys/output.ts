import { errorCode, type Stream, type Terminal } from "./sys.ts";

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Standard output and standard error.
 *
 * Synchronous on purpose: `process.exit` cuts what an asynchronous write still holds (65,536 of 300,000 bytes
 * arrived at a slow pipe), and a slow reader must slow qik down instead of filling its memory.
 *
 * @param writeSome Writes at least a byte and answers how many, or throws the system's error.
 */
export function openOutput(
  writeSome: (stream: Stream, bytes: Uint8Array) => number,
): Pick<Terminal, "write" | "failure"> {
  const failed: Partial<Record<Stream, string>> = {};
  const writeAll = (stream: Stream, bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) {
      try {
        at += writeSome(stream, bytes.subarray(at));
      } catch (error) {
        // Somebody made our pipe non-blocking; it is full. Wait a little, then go on.
        if (errorCode(error) !== "EAGAIN") throw error;
        Atomics.wait(pause, 0, 0, 2);
      }
    }
  };
  return {
    write(stream, bytes) {
      if (failed[stream] !== undefined) return;
      try {
        writeAll(stream, bytes);
      } catch (error) {
        // The run goes on: its tasks do not depend on who can read about them.
        failed[stream] = errorCode(error) ?? String(error);
      }
    },
    // The reader went away (`qik | head`): it has what it wanted.
    failure: (stream) => failed[stream] === "EPIPE" ? undefined : failed[stream],
  };
}
