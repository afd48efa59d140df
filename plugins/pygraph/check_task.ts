/** The work of `pygraph.check` for one space. */
import { type LateDep, openFences, type SpaceConfig, type TaskCall } from "../../mod.ts";
import { type Violation, violationsOf } from "./check.ts";
import type { GraphReader } from "./graph_reader.ts";
import { BYTE_CODE, literal, type Project } from "./names.ts";

/**
 * What the fence of a space adds to the key. Asked late, so that a template in a fence which cannot be filled fails
 * checks and nothing else. Files are inputs because lines in them are told.
 */
export function fenceDep({ config, fill }: Project, space: SpaceConfig): LateDep {
  const fence = openFences(config.spaces, fill).get(space.name);
  const own = (fence?.own ?? []).map((path) => path === "" ? "." : literal(path));
  return {
    globs: own.length === 0 ? [] : [...own, BYTE_CODE],
    facts: [{ label: "fence", read: () => JSON.stringify(fence) }],
  };
}

/** Tells what is wrong, a line each; with code 1 where anything is. */
export async function runCheck(
  { world, space, env, write }: TaskCall,
  project: Project,
  reader: GraphReader,
): Promise<number> {
  const fence = openFences(project.config.spaces, project.fill).get(space.name);
  const graph = reader.read(world, project);
  const found = fence ? await violationsOf({ project, graph, fence, world }) : [];
  const onGithub = env["GITHUB_ACTIONS"] === "true";
  for (const violation of found) write("out", onGithub ? annotation(violation) : line(violation));
  if (found.length === 0) return 0;
  write(
    "out",
    `${found.length} import${found.length === 1 ? "" : "s"} of space "${space.name}" ` +
      `${found.length === 1 ? "is" : "are"} not allowed\n`,
  );
  return 1;
}

/** `path:line: message`: what editors and terminals make a link of. */
export function line({ path, line, message }: Violation): string {
  return `${path}:${line}: ${message}\n`;
}

/** A command of GitHub's runners, which shows the message beside the line. */
function annotation({ path, line, message }: Violation): string {
  const escaped = (text: string) =>
    text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  const property = (text: string) => escaped(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
  return `::error file=${property(path)},line=${line},title=pygraph.check::${escaped(message)}\n`;
}
