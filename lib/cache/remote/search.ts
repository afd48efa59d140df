import { Agreement } from "./agreement.ts";
import { Budget } from "./budget.ts";
import { type Calls, Oversized, RemoteOff } from "./calls.ts";
import { type AcceptKey, isInTime, NO_KEY } from "./keys.ts";
import { contentsOf, readRecord, recordName, type RemoteRecord } from "./record.ts";
import { ownRecord } from "./sending.ts";
import { MOST_OBJECT } from "./store.ts";
import type { Told } from "./told.ts";
import type { RemotePolicy } from "./trust.ts";

/** So many records are asked for at once. */
const LOOKUPS = { calls: 128, bytes: Infinity };

/** So many unusable records are looked at before the remote is given up: each may cost its full size. */
const MOST_DAMAGED = 20;

/** What a search needs. */
export interface SearchPorts {
  /** Of the remote, for messages. */
  readonly name: string;
  readonly calls: Calls;
  readonly policy: RemotePolicy;
  /** Bytes that the contents of one entry may have. */
  readonly maxEntry: number;
  readonly told: Told;
}

/** One object that may hold the record of a key, and what it must say. */
interface Question {
  readonly name: string;
  readonly key: string;
  readonly scope: string;
  readonly accept: AcceptKey | undefined;
}

/** Looks for records that this run may use. */
export class Search {
  /** Names of records that cannot be used and have to make room for those of this run. */
  readonly unusable = new Set<string>();
  readonly #ports: SearchPorts;
  readonly #lookups = new Budget(LOOKUPS);
  #damaged = 0;

  constructor(ports: SearchPorts) {
    this.#ports = ports;
  }

  /**
   * The first record of the scopes and keys in their order, or, where two signers are asked for, the first that another
   * key has signed, too; all are asked for at once.
   */
  async find(key: string): Promise<RemoteRecord | undefined> {
    const { policy: { reads }, calls } = this.#ports;
    if (!reads || calls.isOff("read")) return undefined;
    const asked = this.#questions(key).map((question) =>
      this.#lookups.within(0, () => this.#ask(question)).catch(offIsAbsent)
    );
    // The answers behind the one that wins are not waited for.
    for (const one of asked) one.catch(() => {});
    const agreement = new Agreement(this.#ports.policy.signers ?? 1);
    for (const one of asked) {
      const record = await one;
      const agreed = record && agreement.add(record);
      if (agreed !== undefined) return agreed;
    }
    this.#tellDisagreement(agreement);
    return undefined;
  }

  /** All records of a key that this run may use. */
  async all(key: string): Promise<readonly RemoteRecord[]> {
    const found = await Promise.all(
      this.#questions(key).map((question) => this.#ask(question).catch(offIsAbsent)),
    );
    return found.filter((record) => record !== undefined);
  }

  #tellDisagreement({ differing: [one, other] }: Agreement): void {
    if (one === undefined || other === undefined) return;
    const { told, name } = this.#ports;
    const message = `The results of "${one.manifest.task}" in the remote cache "${name}" differ: ` +
      `that of the key ${one.keyId} is not that of ${other.keyId}`;
    told.tell({ code: "remote-disagreement", message }, `remote-disagreement ${one.key}`);
  }

  /** Notes that a record is there but worth nothing. */
  damaged({ name, key }: Pick<RemoteRecord, "name" | "key">, detail: string): void {
    const { calls, told, name: remote, policy } = this.#ports;
    this.unusable.add(name);
    this.#damaged += 1;
    if (this.#damaged === MOST_DAMAGED) calls.giveUp("read");
    const message = `Cannot use an entry of the remote cache "${remote}": ${detail}`;
    const isMended = policy.writes && name === ownRecord(policy, key);
    told.tell({ code: "remote-damaged", message, ...(!isMended && { hint: STAYS }) });
  }

  #questions(key: string): Question[] {
    const { readScopes, acceptKeys, signKey } = this.#ports.policy;
    const own = signKey === undefined ? [] : [{ id: signKey.id, accept: undefined }];
    const signers = acceptKeys === undefined
      ? [...own, { id: NO_KEY, accept: undefined }]
      : acceptKeys.map((accept) => ({ id: accept.id, accept }));
    return readScopes.flatMap((scope) =>
      signers.map(({ id, accept }) => ({ name: recordName(scope, key, id), key, scope, accept }))
    );
  }

  async #ask(question: Question): Promise<RemoteRecord | undefined> {
    let wrong: string;
    try {
      const bytes = await this.#ports.calls.read(question.name, MOST_OBJECT);
      if (bytes === undefined) return undefined;
      const record = await readRecord(bytes, question);
      if (typeof record !== "string") {
        const { accept } = question;
        const counts = accept === undefined || isInTime(accept, record.producer.at);
        return counts && this.#isSmallEnough(record) ? record : undefined;
      }
      wrong = record;
    } catch (error) {
      if (!(error instanceof Oversized)) throw error;
      wrong = "it is larger than any record";
    }
    this.damaged(question, wrong);
    return undefined;
  }

  #isSmallEnough({ manifest }: RemoteRecord): boolean {
    const sum = [...contentsOf(manifest).values()].reduce((all, size) => all + size, 0);
    return sum <= this.#ports.maxEntry;
  }
}

const STAYS =
  "The command ran; the entry stays until whoever may write it does, or it is removed: qik :cache rm";

function offIsAbsent(error: unknown): undefined {
  if (!(error instanceof RemoteOff)) throw error;
}
