import type { Calls } from "./calls.ts";

/** Names that one question may hold; see `ObjectStore.has`. */
const MOST_NAMES = 64;
/** So many questions are under way at once; what is asked meanwhile waits and shares the next one. */
const QUESTIONS = 4;

/** Somebody's question for one name. */
interface Asked {
  readonly name: string;
  readonly answer: PromiseWithResolvers<boolean>;
}

/**
 * Which objects a store has, each asked for once in a run, and many in one question where many are wanted at the same
 * time.
 */
export class Presence {
  readonly #calls: Calls;
  readonly #known = new Map<string, Promise<boolean>>();
  readonly #waiting: Asked[] = [];
  #questions = 0;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /**
   * Those of the names that are there.
   *
   * @throws {RemoteOff} Where the remote is or goes off.
   */
  async ask(names: readonly string[]): Promise<ReadonlySet<string>> {
    const answers = names.map((name) => this.#known.get(name) ?? this.#wait(name));
    this.#advance();
    const there = await Promise.all(answers);
    return new Set(names.filter((_, at) => there[at]));
  }

  /** Somebody has put it there. */
  note(name: string): void {
    this.#known.set(name, Promise.resolve(true));
  }

  #wait(name: string): Promise<boolean> {
    const answer = Promise.withResolvers<boolean>();
    this.#known.set(name, answer.promise);
    answer.promise.catch(() => {});
    this.#waiting.push({ name, answer });
    return answer.promise;
  }

  #advance(): void {
    while (this.#questions < QUESTIONS && this.#waiting.length > 0) {
      void this.#question(this.#waiting.splice(0, MOST_NAMES));
    }
  }

  async #question(asked: readonly Asked[]): Promise<void> {
    this.#questions += 1;
    const names = asked.map(({ name }) => name);
    try {
      const there = await this.#calls.call("write", 0, (store, call) => store.has(names, call));
      for (const { name, answer } of asked) answer.resolve(there.has(name));
    } catch (error) {
      for (const { answer } of asked) answer.reject(error);
    } finally {
      this.#questions -= 1;
      this.#advance();
    }
  }
}
