import type { SpaceConfig } from "../config/types.ts";
import type { Task } from "../plan/types.ts";
import { wantsColour } from "../report/style.ts";
import { type Environ, sharedEnvironment, withoutEnvironments, withOwn } from "../space/environ.ts";
import type { OpenSpace, Spaces } from "../space/spaces.ts";
import type { Sys } from "../sys/sys.ts";
import type { Project } from "./project.ts";

/** What an environment is put together for. */
interface For {
  readonly space: SpaceConfig;
  readonly passEnv: readonly string[];
  /** A process gets it: then it is told about colour. */
  readonly runs: boolean;
  /** For making environments: everything that the user has is kept, and nothing that qik has built. */
  readonly outsideVenv: boolean;
}

/**
 * The environments of tasks. What the tasks of a space share is put together once, for as long as the space is opened:
 * 0.1 ms for each task else.
 */
export class Environments {
  readonly #shared = new WeakMap<OpenSpace, Map<string, Environ>>();

  constructor(
    private readonly sys: Sys,
    private readonly project: Project,
    private readonly spaces: Spaces,
  ) {}

  /** The whole environment of a task's process; `worker` 0 where none runs. What is secret in it is masked from now on. */
  of(
    { space, name, command, env, outsideVenv = false }: Task,
    worker: number,
  ): Record<string, string> {
    const { paths, secrets } = this.project;
    const qik = {
      QIK__CMD: command.name,
      QIK__TASK: name,
      QIK__RUNNABLE: name,
      QIK__WORKER: `${worker}`,
      QIK__ROOT: paths.root,
    };
    const { passEnv } = command;
    const shared = this.#sharedBy({ space, passEnv, runs: worker !== 0, outsideVenv });
    if (env.length > 0) secrets.learn(Object.fromEntries(env.map((one) => [one.name, one.value])));
    return withOwn(shared, env, qik, this.sys.machine.platform);
  }

  /** What is asked in a space beside its tasks. */
  in(space: SpaceConfig): Record<string, string> {
    const shared = this.#sharedBy({ space, passEnv: [], runs: false, outsideVenv: false });
    return withOwn(shared, [], { QIK__ROOT: this.project.paths.root }, this.sys.machine.platform);
  }

  #sharedBy(wanted: For): Environ {
    const open = this.spaces.open(wanted.space.name);
    const known = this.#shared.get(open) ?? new Map<string, Environ>();
    this.#shared.set(open, known);
    const { passEnv, runs, outsideVenv } = wanted;
    const kind = [runs, outsideVenv, ...passEnv].join("\0");
    let shared = known.get(kind);
    if (shared === undefined) {
      shared = this.#share(open, wanted);
      this.project.secrets.learn(shared);
      known.set(kind, shared);
    }
    return shared;
  }

  #share({ venv, dotenv }: OpenSpace, { passEnv, runs, outsideVenv }: For): Environ {
    const { sys, project: { plan, paths } } = this;
    const { platform } = sys.machine;
    const own = outsideVenv
      ? withoutEnvironments(sys.env, `${paths.root}/._qik/venv`, platform)
      : sys.env;
    return sharedEnvironment({
      base: runs ? { ...toldToColour(sys), ...own } : own,
      strictEnv: plan.config.defaults.strictEnv && !outsideVenv,
      passEnv,
      venv: outsideVenv ? {} : venv.environ,
      dotenv,
      platform,
    });
  }
}

/** Programs see a pipe and would not colour; where our terminal can, they are told so. */
function toldToColour({ terminal, env }: Sys): Record<string, string> {
  const colour = wantsColour(terminal.isTerminal("out"), env);
  return colour ? { FORCE_COLOR: "1", CLICOLOR_FORCE: "1" } : {};
}
