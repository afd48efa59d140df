import type { Problem } from "../../base/problems.ts";

/** Shorter texts are no secrets: they would be found everywhere. */
const SHORTEST_SECRET = 8;

/** What a remote says in one run: each kind of problem once, and never with one of its secrets in it. */
export class Told {
  readonly #kinds = new Set<string>();
  readonly #listener: (problem: Problem) => void;
  readonly #known: () => readonly string[];

  /** @param known The remote's secrets; asked anew each time, because credentials are found late and change. */
  constructor(listener: (problem: Problem) => void, known: () => readonly string[]) {
    this.#listener = listener;
    this.#known = known;
  }

  /** Texts that must neither be shown nor stored. */
  secrets(): readonly string[] {
    return this.#known().filter((secret) => secret.length >= SHORTEST_SECRET);
  }

  /** @param kind Told once; the problem's code where unset. */
  tell(problem: Problem, kind: string = problem.code): void {
    if (this.#kinds.has(kind)) return;
    this.#kinds.add(kind);
    let { message } = problem;
    for (const secret of this.secrets()) message = message.replaceAll(secret, "***");
    this.#listener({ ...problem, message });
  }
}
