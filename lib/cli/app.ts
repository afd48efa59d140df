import { QikError } from "../base/problems.ts";
import { Secrets } from "../base/secrets.ts";
import { VERSION } from "../base/version.ts";
import { openEarly } from "../sys/early.ts";
import type { Sys } from "../sys/sys.ts";
import type { Invocation } from "./args.ts";
import { tellLostOutput } from "./lost_output.ts";
import { maskedTerminal } from "./masked_terminal.ts";
import type { AppParts, Exit } from "./parts.ts";
import { versionText } from "./version.ts";

/**
 * Runs qik for one command line and ends the process. The one place where a thrown value becomes an exit code:
 * a `QikError` is the user's to mend, everything else is a bug in qik.
 */
export async function main(openWhole: () => Promise<Omit<AppParts, "secrets">>): Promise<void> {
  const early = await recallEarly();
  if (early === "told") return;
  const { sys: outside, builtIn } = await openWhole();
  const secrets = new Secrets();
  secrets.learn(outside.env);
  const sys = { ...outside, terminal: maskedTerminal(outside.terminal, secrets) };
  const parts = { sys, builtIn, secrets };
  let emoji = true;
  let exit: Exit;
  try {
    const words = toolWords(sys.machine);
    if (words !== undefined) exit = await (await import("./tool.ts")).runTool(parts, words);
    else {
      const { recallRun } = await import("./recall.ts");
      const recalled = early === "nothing" ? undefined : await recallRun(sys);
      if (recalled !== undefined) exit = recalled;
      else {
        const { parseArgs } = await import("./args.ts");
        const invocation = parseArgs(sys.machine.args);
        emoji = invocation.emoji;
        exit = await act(parts, invocation);
      }
    }
  } catch (error) {
    exit = await tell(sys, error, emoji);
  }
  exit = { ...exit, code: Math.max(exit.code, tellLostOutput(sys.terminal)) };
  sys.processes.exit(exit.code, exit.signal);
}

/**
 * Tells a recalled run without the whole outside, where the runtime has an early one.
 *
 * @returns `nothing`: there is no run to recall; unset: that is not known.
 */
async function recallEarly(): Promise<"told" | "nothing" | undefined> {
  const early = openEarly();
  if (early === undefined || toolWords(early.machine) !== undefined) return undefined;
  const { recallRun } = await import("./recall.ts");
  const secrets = new Secrets();
  secrets.learn(early.env);
  const terminal = maskedTerminal(early.terminal, secrets);
  const recalled = await recallRun({ ...early, terminal });
  if (recalled === undefined) return early.refused() ? undefined : "nothing";
  early.exit(Math.max(recalled.code, tellLostOutput(terminal)));
  return "told";
}

/**
 * What stands after `qikx`, or after `qik :x`: mostly the words of another program, which no parser may touch. `-C DIR`
 * may stand before `:x`.
 */
function toolWords({ programName, args }: Sys["machine"]): readonly string[] | undefined {
  if (programName === "qikx") return args;
  if (args[0] === ":x") return args.slice(1);
  const moved = args[2] === ":x" && (args[0] === "-C" || args[0] === "--directory");
  return moved ? [...args.slice(0, 2), ...args.slice(3)] : undefined;
}

/** Each branch loads only what it needs: `--version` answers without a configuration. */
async function act(parts: AppParts, invocation: Invocation): Promise<Exit> {
  const { sys } = parts;
  if (invocation.version) return say(sys, versionText());
  if (invocation.meta !== undefined || invocation.help) {
    const { META } = await import("./commands/mod.ts");
    if (invocation.meta === undefined) {
      return say(sys, (await import("./help.ts")).helpText(META));
    }
    const { runMeta } = await import("./meta.ts");
    return await runMeta(META, parts, invocation, async () => {
      const { pluginMetas } = await import("./plugin_metas.ts");
      return await pluginMetas(parts, invocation);
    });
  }
  const { runCommand } = await import("./run_command.ts");
  return await runCommand(parts, invocation);
}

function say(sys: Sys, text: string): Exit {
  sys.terminal.write("out", new TextEncoder().encode(text));
  return { code: 0 };
}

async function tell(sys: Sys, error: unknown, emoji: boolean): Promise<Exit> {
  const write = (text: string) => sys.terminal.write("err", new TextEncoder().encode(text));
  if (error instanceof QikError) {
    const { renderProblems } = await import("../report/problems.ts");
    const { styleFor } = await import("../report/choose.ts");
    write(renderProblems(error.problems, styleFor("err", { ...sys, emoji })));
    return { code: error.exit };
  }
  const stack = error instanceof Error ? error.stack ?? error.message : String(error);
  write(`This is a bug in qik ${VERSION}. Please report it with this text:\n${stack}\n`);
  return { code: 70 };
}
