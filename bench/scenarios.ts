import { editMiddle, removeArtifacts, removeState, type Repository } from "./repository.ts";

/** One way to run a tool: what is done to the repository before each run that is timed. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  prepare(repository: Repository, round: number): Promise<void>;
}

/** In the order in which a round runs them: each leaves behind what the next one needs. */
export const SCENARIOS: readonly Scenario[] = [
  { name: "cold", about: "nothing remembered, no artifacts", prepare: removeState },
  { name: "warm", about: "nothing changed, artifacts in place", prepare: () => Promise.resolve() },
  {
    name: "restore",
    about: "nothing changed, artifacts deleted (ninja and make have no cache: they build again)",
    prepare: removeArtifacts,
  },
  { name: "edit", about: "one source in the middle of the graph changed", prepare: editMiddle },
];
