import type { Secrets } from "../base/secrets.ts";
import type { Terminal } from "../sys/sys.ts";

/**
 * The last door: whatever qik prints passes here, also errors of a configuration and what meta commands print.
 *
 * Each write is masked by itself. What commands print comes in pieces that a secret may be cut into, so it
 * was masked where it was read, and holding back here would only delay prompts.
 */
export function maskedTerminal(terminal: Terminal, secrets: Secrets): Terminal {
  return {
    isTerminal: (stream) => terminal.isTerminal(stream),
    size: () => terminal.size(),
    failure: (stream) => terminal.failure(stream),
    onResize: (listener) => terminal.onResize(listener),
    write: (stream, bytes) => terminal.write(stream, secrets.bytes(bytes)),
  };
}
