import { QikError } from "../base/problems.ts";
import { differences } from "../cache/explain.ts";
import { renderProblems } from "../report/problems.ts";
import { styleFor } from "../report/choose.ts";
import { watchLines } from "../report/watching.ts";
import { Hints } from "../run/hints.ts";
import { exitCodeOf } from "../run/signals.ts";
import { type Look, type Round, type Seen, watchTasks } from "../run/watch.ts";
import type { Sys } from "../sys/sys.ts";
import { openWatcher, type Watcher } from "../sys/watcher.ts";
import type { Invocation } from "./args.ts";
import type { AppParts, Exit } from "./parts.ts";
import { openProject, type Project } from "./project.ts";
import type { Session } from "./session.ts";
import { startRun } from "./start_run.ts";
import { type SelectIn, Watched } from "./watched.ts";

/** `qik --watch`: runs the selection, then what each change affects, until a signal ends it. */
export async function watchCommand(
  parts: AppParts,
  invocation: Invocation,
  selectIn: SelectIn,
): Promise<Exit> {
  const { sys } = parts;
  // A watch goes on for hours: whatever it does often is worth compiling.
  sys.machine.compileEagerly?.();
  const project = await openProject(parts, invocation);
  const hints = new Hints(sys.clock);
  const watched = await Watched.open(parts, project, invocation, selectIn);
  const say = sayer(sys, project);
  const watcher = openWatching(sys, watched, hints, say);
  try {
    const signal = await watchTasks({
      clock: sys.clock,
      look: () => look(sys, watched, watcher, hints, say),
      begins: (task) => watched.first.has(task),
      run: async (round) => {
        const session = await watched.sessionForRun();
        const exit = await startRun(sys, session, invocation, indices(session, round), round);
        return exit.signal === undefined ? {} : { interrupted: exit.signal };
      },
      hint: () => hints.next(),
      differences: differing,
      tell: (news) => say(watchLines(news, styleFor("err", { ...sys, emoji: invocation.emoji }))),
      onSignal: sys.processes.onSignal,
    });
    return { code: exitCodeOf(signal), signal };
  } finally {
    watcher.close();
    hints.close();
  }
}

function sayer(sys: Sys, { settings: { verbosity } }: Project) {
  return (text: string) => {
    if (verbosity > 0) sys.terminal.write("err", new TextEncoder().encode(text));
  };
}

function indices({ project: { plan } }: Session, { tasks }: Round): readonly number[] {
  return tasks.flatMap((name) => plan.byName.get(name)?.index ?? []).sort((a, b) => a - b);
}

/** What differs, as a person would call it: names of files first. */
function differing(before: Seen, now: Seen): readonly string[] {
  if (now.unreadable) return ["its inputs cannot be read"];
  if (before.unreadable) return ["its inputs can be read again"];
  return differences(before.lines(), now.lines()).filter(({ field }) => !field.endsWith(" count"))
    .map(({ field, change }) => `${field.replace(/^file /, "")} ${change}`);
}

/** Variable with which people choose: `poll` looks by the clock, for file systems that tell nothing. */
const MODE = "QIK__WATCH";

function openWatching(
  sys: Sys,
  watched: Watched,
  hints: Hints,
  say: (text: string) => void,
): Watcher {
  const onBlind = (why: string) => {
    hints.goBlind();
    say(`Warning: looking for changes by the clock, because ${why}\n`);
  };
  const mode = sys.env[MODE] ?? "";
  if (mode === "poll") {
    hints.goBlind();
    return { add: () => false, close() {} };
  }
  if (mode !== "") {
    const hint = 'Write "poll", or nothing';
    throw new QikError({ code: "usage", message: `Cannot use "${mode}" as ${MODE}`, hint });
  }
  return openWatcher({
    clock: sys.clock,
    onHint: (hint) => {
      watched.heard(hint);
      hints.add();
    },
    onBlind,
  });
}

async function look(
  sys: Sys,
  watched: Watched,
  watcher: Watcher,
  hints: Hints,
  say: (text: string) => void,
): Promise<Look> {
  const startedAt = sys.clock.monotonic();
  hints.looking();
  const told = await watched.reload();
  if (told !== undefined) {
    const mended = `${watched.configFile} is mended and in use\n`;
    const style = styleFor("err", { ...sys, emoji: true });
    say(told.length === 0 ? mended : renderProblems(told, style));
  }
  // What comes to be in a directory before it is watched is seen by the look that follows.
  // A directory that is made in it after it was listed, and before it is watched, is found by listing it again.
  if (watcher.add(await watched.newDirectories())) {
    watched.listAgain();
    hints.add();
  }
  const found = await watched.look();
  // What changed there before they were watched is seen by another look only.
  if (watcher.add(watched.inputDirectories())) hints.add();
  hints.looked(sys.clock.monotonic() - startedAt, watched.foundSomething);
  return found;
}
