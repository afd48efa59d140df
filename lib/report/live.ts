import type { QikEvent, Reporter } from "../events/events.ts";
import type { Width } from "./fit.ts";
import { LiveScreen } from "./live_screen.ts";
import { PlainReporter, type ReporterParts } from "./plain.ts";
import { render } from "./render.ts";
import { RunView } from "./view.ts";

/** Ten times a second: smooth for eyes, nothing for the processor. A run that ends sooner is never drawn. */
const REDRAW_MS = 100;

/** How the measure of characters is had; loaded when the first drawing is near, not at the start. */
export type LoadWidth = () => Promise<Width>;

/**
 * Several tasks on a terminal: a few lines redrawn at the bottom, what failed above them, and at the end what
 * the plain reporter tells at the end.
 */
export class LiveReporter implements Reporter {
  readonly #view = new RunView();
  readonly #screen: LiveScreen;
  readonly #lines: PlainReporter;
  #width: Width | undefined;
  #loading = false;
  #startedMs = 0;
  #stopTimer: (() => void) | undefined;
  #stopListening: (() => void) | undefined;

  constructor(readonly parts: ReporterParts, readonly loadWidth: LoadWidth = loadStringWidth) {
    this.#screen = new LiveScreen(parts.terminal, (text) => this.#width?.(text) ?? text.length);
    this.#lines = new PlainReporter({ ...parts, terminal: this.#screen }, "live");
  }

  on(event: QikEvent): void {
    if (event.type === "run-started") this.#start();
    this.#view.on(event, this.#nowMs());
    if (event.type === "run-ended" || event.type === "run-paused") this.#stop();
    this.#lines.on(event);
    if (event.type === "run-resumed") this.#draw();
  }

  close(): void {
    this.#stop();
    this.#lines.close();
  }

  #nowMs(): number {
    return this.parts.clock.monotonic() - this.#startedMs;
  }

  #start(): void {
    this.#startedMs = this.parts.clock.monotonic();
    this.#draw();
  }

  #draw(): void {
    this.#stopTimer = this.parts.clock.every(REDRAW_MS, () => this.#tick());
    this.#stopListening = this.#screen.onResize(() => this.#tick());
  }

  #stop(): void {
    this.#stopTimer?.();
    this.#stopListening?.();
    this.#stopTimer = this.#stopListening = undefined;
    this.#screen.close();
  }

  #tick(): void {
    if (this.#stopTimer === undefined || !this.#view.busy) return;
    if (this.#width === undefined) return this.#load();
    const view = this.#view.at(this.#nowMs());
    this.#screen.draw(render(view, this.#screen.size(), this.parts.styles.out, this.#width));
  }

  #load(): void {
    if (this.#loading) return;
    this.#loading = true;
    const ready = (width: Width) => {
      this.#width = width;
      this.#tick();
    };
    // Without the library lines may be cut a little early or late; the run is told all the same.
    this.loadWidth().then(ready, () => ready((text) => text.length));
  }
}

async function loadStringWidth(): Promise<Width> {
  const { default: stringWidth } = await import("string-width");
  return (text) => stringWidth(text);
}
