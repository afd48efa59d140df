import { writeSync } from "node:fs";
import process from "node:process";
import type { Supervisor } from "./sys.ts";

/**
 * Reads `+ GROUP`, `- GROUP` and `.` (all is well) line by line. Where the lines end without the point, qik was killed:
 * then it kills the groups, and what has left them but still carries the tag (Linux), several times over, because a
 * process may start another while it is being looked for. At last the files go that qik would have removed itself. Only
 * words of POSIX; `grep` reads all environments at once.
 */
const SCRIPT = `
tag=$1
shift
groups=' '
while read -r word group; do
  case $word in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
    .) exit 0 ;;
  esac
done
for round in 1 2 3 4 5; do
  for group in $groups; do kill -s KILL -- "-$group"; done
  found=
  for file in $(grep -lsF "$tag" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}
    pid=\${pid%/environ}
    kill -s KILL "$pid" && found=1
  done
  [ -n "$found" ] || break
  sleep 0.05
done
[ $# -eq 0 ] || rm -f -- "$@"
` as const;

/** A way to say lines to the supervisor; what cannot be said is lost, which costs only what it protects from. */
interface Line {
  /** What it answers may be waited for: then the system has it. */
  write(text: string): unknown;
}

/** How long the end of a group may be kept for the next line; no number is anybody else's so soon. */
const KEPT_MS = 20;

/**
 * See `Processes.supervise`. What has begun is told at once; what has ended mostly goes with it, because another
 * command starts then: each line wakes the shell, which reads it byte by byte.
 */
export function supervise(tag: string, temporary: readonly string[]): Supervisor {
  const line = process.platform === "win32" ? undefined : tryToStart(tag, temporary);
  let ended = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (text: string) => {
    clearTimeout(timer);
    timer = undefined;
    const lines = ended + text;
    ended = "";
    return line?.write(lines);
  };
  return {
    watch: (group) => void tell(`+ ${group}\n`),
    forget(group) {
      ended += `- ${group}\n`;
      timer ??= setTimeout(() => void tell(""), KEPT_MS);
    },
    // Without the point it would go and kill what a command has left running on purpose.
    end: async () => void await tell(".\n"),
  };
}

function tryToStart(tag: string, temporary: readonly string[]): Line | undefined {
  try {
    const argv = ["sh", "-c", SCRIPT, "sh", tag, ...temporary];
    // None of the variables of this process: a qik around this one would take it for one of its own commands.
    const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
    return "Deno" in globalThis ? startWithDeno(argv, env) : startWithBun(argv, env);
  } catch {
    // Without a shell no command runs either, and that is told.
    return undefined;
  }
}

/** The part of `Bun.spawn` that is used here: of the fourth stream on it hands out the bare number. */
interface BunRuntime {
  spawn(argv: readonly string[], options: Readonly<Record<string, unknown>>): {
    readonly stdio: readonly [null, null, null, number];
    unref(): void;
  };
}

function startWithBun(argv: readonly string[], env: Readonly<Record<string, string>>): Line {
  const { Bun } = globalThis as unknown as { readonly Bun: BunRuntime };
  const [program, option, script, ...words] = argv;
  const fromFourth = [program, option, `exec <&3 3<&-${script}`, ...words] as string[];
  const stdio = ["ignore", "ignore", "ignore", "pipe"];
  // A session of its own: neither Ctrl-C nor the end of the terminal reaches it.
  const child = Bun.spawn(fromFourth, { cwd: "/", env, stdio, detached: true });
  child.unref();
  return {
    write(text) {
      try {
        // A writer of the runtime's takes 70 us and a turn of the event loop, this 10.
        writeSync(child.stdio[3], text);
      } catch {
        // It may have been killed by somebody else.
      }
    },
  };
}

function startWithDeno([program, ...args]: readonly string[], env: Record<string, string>): Line {
  const quiet = { stdout: "null", stderr: "null" } as const;
  const options = { args, cwd: "/", env, clearEnv: true, detached: true, stdin: "piped", ...quiet };
  const child = new Deno.Command(program!, options as Deno.CommandOptions).spawn();
  child.unref();
  const writer = child.stdin.getWriter();
  // It may have been killed by somebody else.
  return { write: (text) => writer.write(new TextEncoder().encode(text)).catch(() => {}) };
}
