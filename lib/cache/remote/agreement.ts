import { sha256 } from "../../sys/digest.ts";
import type { RemoteRecord } from "./record.ts";

/**
 * Records of one key, of which one counts when enough different signers say the same. Logs may differ, which tell times
 * and the like; exit code and artifacts may not.
 */
export class Agreement {
  readonly #wanted: number;
  readonly #groups = new Map<
    string,
    { readonly first: RemoteRecord; readonly signers: Set<string> }
  >();

  /** @param wanted With one the first record counts, signed or not. */
  constructor(wanted: 1 | 2) {
    this.#wanted = wanted;
  }

  /** @returns The record that counts now, if any does. */
  add(record: RemoteRecord): RemoteRecord | undefined {
    if (this.#wanted === 1) return record;
    if (record.keyId === undefined) return undefined;
    const result = resultOf(record);
    const group = this.#groups.get(result) ?? { first: record, signers: new Set() };
    this.#groups.set(result, group);
    group.signers.add(record.keyId);
    return group.signers.size >= this.#wanted ? group.first : undefined;
  }

  /** A record for each result that somebody signed, where different keys signed different ones. */
  get differing(): readonly RemoteRecord[] {
    const groups = [...this.#groups.values()];
    const signers = new Set(groups.flatMap((group) => [...group.signers]));
    return groups.length > 1 && signers.size > 1 ? groups.map(({ first }) => first) : [];
  }
}

/** What commands that need the task may see of it. */
export function resultOf(
  { manifest: { exit, artifacts } }: Pick<RemoteRecord, "manifest">,
): string {
  // All other bits of a mode are the machine's umask.
  const plain = artifacts.map(({ path, kind, mode, size, content }) => [
    path,
    kind,
    mode & 0o100,
    size,
    content,
  ]);
  return sha256(new TextEncoder().encode(JSON.stringify([exit, plain])));
}
