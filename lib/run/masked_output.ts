import type { OutputMask } from "../base/output_mask.ts";
import type { Stream } from "../sys/sys.ts";

type Output = (stream: Stream, bytes: Uint8Array) => void;

/** Both streams of a command, each with a mask of its own: a secret is not looked for across them. */
export class MaskedOutput {
  readonly #masks: Readonly<Record<Stream, OutputMask | undefined>>;
  readonly #onOutput: Output;

  constructor(mask: (() => OutputMask | undefined) | undefined, onOutput: Output) {
    this.#masks = { out: mask?.(), err: mask?.() };
    this.#onOutput = onOutput;
  }

  push(stream: Stream, bytes: Uint8Array): void {
    const mask = this.#masks[stream];
    this.#show(stream, mask === undefined ? bytes : mask.push(bytes));
  }

  /** Hands out what was held back. Nothing may follow. */
  end(): void {
    for (const stream of ["out", "err"] as const) {
      const rest = this.#masks[stream]?.end();
      if (rest !== undefined) this.#show(stream, rest);
    }
  }

  #show(stream: Stream, bytes: Uint8Array): void {
    if (bytes.length > 0) this.#onOutput(stream, bytes);
  }
}
