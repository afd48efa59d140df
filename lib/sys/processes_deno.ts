import { signalName } from "./starter.ts";
import type { Starter, StartRequest } from "./starter.ts";
import type { ChildEnd, Stream } from "./sys.ts";

/**
 * Starts processes with `Deno.Command`.
 *
 * `node:child_process` starts them as fast (550 ms against 600 ms for 500), but there a child that died by a
 * real-time signal ends qik itself with an error that nobody can catch.
 */
export const startWithDeno: Starter = (request) => {
  const captured = request.stdio === "capture";
  const child = commandOf(request).spawn();
  const out = captured ? child.stdout.getReader({ mode: "byob" }) : undefined;
  const err = captured ? child.stderr.getReader({ mode: "byob" }) : undefined;
  if (request.stdin !== undefined) giveInput(child.stdin, request.stdin);
  const ended = endOf(child.status);
  const drained = Promise.all([
    ended,
    out && readAll(out, "out", request.onOutput),
    err && readAll(err, "err", request.onOutput),
  ]);
  return {
    pid: child.pid,
    ended,
    drained: drained.then(() => {}),
    closeOutput() {
      out?.cancel().catch(() => {});
      err?.cancel().catch(() => {});
    },
  };
};

function commandOf(request: StartRequest): Deno.Command {
  const [program, ...args] = request.argv;
  const stdio = request.stdio === "inherit" ? "inherit" : "piped";
  return new Deno.Command(program!, {
    args,
    cwd: request.cwd,
    env: request.env,
    clearEnv: true,
    detached: request.ownGroup,
    stdin: stdio === "inherit" ? "inherit" : request.stdin === undefined ? "null" : "piped",
    stdout: stdio,
    stderr: stdio,
    windowsRawArguments: request.verbatim,
  });
}

/** A program may end without reading all that it is given; that is not an error. */
function giveInput(stdin: WritableStream<Uint8Array>, bytes: Uint8Array): void {
  const writer = stdin.getWriter();
  writer.write(bytes).then(() => writer.close()).catch(() => {});
}

async function endOf(status: Promise<Deno.CommandStatus>): Promise<ChildEnd> {
  try {
    const { code, signal } = await status;
    return signal === null ? { started: true, code } : { started: true, code, signal };
  } catch (error) {
    // The runtime has no name for real-time signals and says so instead of how the process ended.
    const number = /^Invalid signal: (\d+)$/.exec(error instanceof Error ? error.message : "")?.[1];
    if (number === undefined) throw error;
    return { started: true, code: 128 + Number(number), signal: signalName(Number(number)) };
  }
}

const PIECE_BYTES = 65_536;

/** Reads to the end; a read that fails ends the stream, and the process's own end says how it went. */
async function readAll(
  reader: ReadableStreamBYOBReader,
  stream: Stream,
  onOutput: StartRequest["onOutput"],
): Promise<void> {
  let room = new Uint8Array(PIECE_BYTES);
  for (;;) {
    const piece = await reader.read(room).catch(() => undefined);
    if (piece === undefined || piece.done || piece.value === undefined) return;
    // Copied, because the next read writes into the same memory again.
    onOutput(stream, piece.value.slice());
    room = new Uint8Array(piece.value.buffer);
  }
}
