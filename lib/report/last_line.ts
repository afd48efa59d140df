import { oneLine } from "../base/one_line.ts";
import { concat } from "../base/bytes.ts";
import { outputFilter } from "./filter.ts";

/** No terminal shows more of a line than this. */
const MOST = 2048;

/** The last line with something on it that a command printed; its memory is bounded. */
export class LastLine {
  #tail: Uint8Array = new Uint8Array(0);

  push(bytes: Uint8Array): void {
    const end = bytes.subarray(-MOST);
    this.#tail = end.length === MOST ? end.slice() : concat([this.#tail, end]).slice(-MOST);
  }

  /** Without escapes and control characters; `""` while nothing was printed. */
  text(): string {
    if (this.#tail.length === 0) return "";
    const bytes = outputFilter({ escapes: "none", workflow: false }).push(this.#tail);
    const lines = new TextDecoder().decode(bytes).split(/[\r\n]+/);
    return oneLine(
      (lines.findLast((line) => line.trim() !== "") ?? "").replaceAll("\t", " ").trim(),
    );
  }
}
