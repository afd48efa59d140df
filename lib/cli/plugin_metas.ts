import { QikError } from "../base/problems.ts";
import type { PluginConfig } from "../config/types.ts";
import { pluginProject } from "../plugin/made.ts";
import type { MetaCall as PluginCall, PluginMeta } from "../plugin/api.ts";
import type { Invocation } from "./args.ts";
import type { MetaCall, MetaSpec } from "./meta_spec.ts";
import type { AppParts, Exit } from "./parts.ts";
import { openProject, type Project } from "./project.ts";
import { openSession } from "./session.ts";

/**
 * The meta commands that the plugins of this project bring; none where there is no project.
 *
 * @throws {QikError} Where the project cannot be read: its plugins are then not known.
 */
export async function pluginMetas(
  parts: AppParts,
  invocation: Invocation,
): Promise<readonly MetaSpec[]> {
  try {
    const project = await openProject(parts, invocation);
    const { config, plugins } = project.view;
    return config.plugins.flatMap((entry) =>
      (plugins.get(entry.source)?.meta ?? []).map((meta) => specOf(entry, meta, project))
    );
  } catch (error) {
    if (error instanceof QikError && isLost(error)) return [];
    throw error;
  }
}

function isLost({ problems }: QikError): boolean {
  return problems.every(({ code }) => code === "config-not-found");
}

function specOf(entry: PluginConfig, meta: PluginMeta, project: Project): MetaSpec {
  const { name, description, words = ["[word...]"], options = [] } = meta;
  const run = (parts: AppParts, call: MetaCall) => runMeta(entry, meta, project, parts, call);
  return { name, text: description, words, options, load: () => Promise.resolve({ run }) };
}

async function runMeta(
  entry: PluginConfig,
  meta: PluginMeta,
  project: Project,
  parts: AppParts,
  call: MetaCall,
): Promise<Exit> {
  return await callPlugin(entry, project, parts, call, (handed) => meta.run(handed as never));
}

/** Hands a plugin's code what the command line has for it. @param code Answers the exit code. */
export async function callPlugin(
  entry: PluginConfig,
  project: Project,
  parts: AppParts,
  { words, json, options, invocation }: MetaCall,
  code: (handed: PluginCall<unknown>) => Promise<number>,
): Promise<Exit> {
  const { sys } = parts;
  const session = await openSession(sys, project);
  const exit = await code({
    project: pluginProject(project.view, entry) as never,
    words,
    json,
    options,
    files: sys.files,
    world: (space) => session.worldIn(space),
    async runTasks(names) {
      const code = await runQuietly(parts, invocation, names);
      session.tree.invalidate();
      return code;
    },
    write: (stream, text) => sys.terminal.write(stream, new TextEncoder().encode(text)),
  });
  await session.save();
  return { code: exit };
}

/** What fails is shown, nothing else: the output is that of the meta command. */
async function runQuietly(
  parts: AppParts,
  { meta: _, ...invocation }: Invocation,
  names: readonly string[],
): Promise<number> {
  const asked = { ...invocation, json: false, names, verbosity: 0 } as const;
  const project = await openProject(parts, asked);
  const session = await openSession(parts.sys, { ...project, aside: true });
  const { startRun } = await import("./start_run.ts");
  return (await startRun(parts.sys, session, asked, project.selection.selected)).code;
}
