import { rootedPath } from "../base/paths.ts";
import { type Problem, QikError } from "../base/problems.ts";
import type { Config, SpaceConfig } from "../config/types.ts";
import { errorCode } from "../sys/sys.ts";
import { type Assignment, parseDotenv } from "./dotenv.ts";
import type { VenvPorts } from "./ports.ts";
import type { BuiltVenv } from "./built_venv.ts";
import { type ActivePython, openActivePython, openBuiltVenv, openVenv, type Venv } from "./venv.ts";
import { type FillSpace, planVenv, type VenvConfig } from "./venv_plan.ts";

/** A space with everything that its commands get from it. */
export interface OpenSpace {
  readonly config: SpaceConfig;
  readonly venv: Venv;
  /** All dotenv files of the space, one after the other. */
  readonly dotenv: readonly Assignment[];
  /**
   * Literal pathspecs of the files that every command of the space depends on: requirement, lock and dotenv
   * files. One that matches nothing is no mistake: a `local.env` need not be there.
   */
  readonly inputs: readonly string[];
  /** Those of them that should be there: requirement and lock files. */
  readonly needed: readonly string[];
}

/** All spaces of a configuration, each opened when it is first asked for. */
export interface Spaces {
  /**
   * @throws {QikError} With all that is wrong with the space's `venv` and dotenv files.
   * @throws {Error} Where no space has this name.
   */
  open(name: string): OpenSpace;
  /** Files may have changed: spaces are opened anew when they are next asked for. */
  invalidate(): void;
}

/** The configuration of spaces, as {@link openSpaces} needs it. */
export type SpacesConfig = Pick<Config, "spaces" | "plugins" | "pydist"> & {
  readonly defaults: Pick<Config["defaults"], "venv" | "dotenv">;
  readonly venvTypes?: VenvConfig["venvTypes"];
  /** The environment of a space where a plugin builds it; throws with what is wrong with it. */
  readonly built?: (space: string) => BuiltVenv | undefined;
};

/**
 * Opens the spaces of a configuration. Costs nothing until a space is asked for.
 *
 * @param fill Fills the templates in `venv` and `dotenv`; by default they are taken as they are.
 */
export function openSpaces(
  config: SpacesConfig,
  ports: VenvPorts,
  fill: FillSpace = (text) => text,
): Spaces {
  const active = openActivePython(ports);
  const opened = new Map<string, OpenSpace>();
  return {
    open(name) {
      const known = opened.get(name);
      if (known !== undefined) return known;
      const space = config.spaces.find((one) => one.name === name);
      if (space === undefined) throw new Error(`No space is named ${name}`);
      const fresh = openSpace(space, config, ports, active, fill);
      opened.set(name, fresh);
      return fresh;
    },
    invalidate() {
      opened.clear();
      active.invalidate();
    },
  };
}

function openSpace(
  space: SpaceConfig,
  config: SpacesConfig,
  ports: VenvPorts,
  active: ActivePython,
  fill: FillSpace,
): OpenSpace {
  const { value: plan, problems: venvProblems } = planVenv(space, config, fill);
  const problems = [...venvProblems];
  const written = space.dotenv.length > 0 ? space.dotenv : config.defaults.dotenv;
  const paths = dotenvPaths(space, written.map((path) => fill(path, space)), problems);
  const dotenv = readDotenv(paths, ports, problems);
  if (problems.length > 0) throw new QikError(problems);
  const built = config.built?.(space.name);
  const venv = built === undefined
    ? openVenv(plan, ports, active, config.pydist)
    : openBuiltVenv(built, ports, config.pydist);
  const inputs = [...new Set([...venv.inputs, ...paths])].map(literalPathspec);
  return { config: space, venv, dotenv, inputs, needed: venv.inputs.map(literalPathspec) };
}

function dotenvPaths(
  space: SpaceConfig,
  written: readonly (string | undefined)[],
  problems: Problem[],
): string[] {
  const paths: string[] = [];
  for (const path of written) {
    if (path === undefined) continue;
    const rooted = rootedPath(path);
    if (rooted) paths.push(rooted);
    else {
      const message = `Cannot use the dotenv file "${path}" of the space "${space.name}"`;
      const hint = "Write a path below the root of the repository";
      problems.push({ code: "config-bad-value", message, hint, place: space.place });
    }
  }
  return paths;
}

/** Assignments of all files in order; a file that is not there assigns nothing. */
function readDotenv(
  paths: readonly string[],
  { files, root }: VenvPorts,
  problems: Problem[],
): Assignment[] {
  const assignments: Assignment[] = [];
  for (const path of paths) {
    let bytes: Uint8Array | undefined;
    try {
      const { kind } = files.stat(`${root}/${path}`) ?? {};
      // Reading a named pipe would wait for whoever writes into it, and a directory has nothing to read.
      if (kind === "file") bytes = files.read(`${root}/${path}`);
      else if (kind !== undefined) problems.push(unreadable(path, "it is no regular file"));
    } catch (error) {
      const reason = errorCode(error);
      if (reason === undefined) throw error;
      problems.push(unreadable(path, reason));
    }
    if (bytes === undefined) continue;
    const parsed = parseDotenv(bytes, path);
    problems.push(...parsed.problems);
    for (const assignment of parsed.value) assignments.push(assignment);
  }
  return assignments;
}

function unreadable(path: string, reason: string): Problem {
  const message = `Cannot read the dotenv file "${path}": ${reason}`;
  return { code: "file-unreadable", message, place: { file: path } };
}

/**
 * A pathspec that selects exactly this file.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { literalPathspec } from "./spaces.ts";
 * assert.equal(literalPathspec("app.env"), "app.env");
 * assert.equal(literalPathspec("[a].env"), ":(literal)[a].env");
 * ```
 */
export function literalPathspec(path: string): string {
  return /[*?[\]\\]|^[:!]/.test(path) ? `:(literal)${path}` : path;
}
