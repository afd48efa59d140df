import type { Problem } from "../../../lib/base/problems.ts";
import { openLocalCache } from "../../../lib/cache/local.ts";
import { openRemoteCache, type RemoteCache } from "../../../lib/cache/remote/remote.ts";
import type { ObjectStore } from "../../../lib/cache/remote/store.ts";
import type { RemotePolicy } from "../../../lib/cache/remote/trust.ts";
import { makeKeys, readAcceptKey, readSignKey } from "../../../lib/cache/remote/keys.ts";
import { systemClock } from "../../../lib/sys/clock.ts";
import { MemoryStore } from "./memory_store.ts";
import { CacheRoom, keyOf } from "../cache_room.ts";

/** What the members of a team may do; each test says what is different. */
const POLICY: RemotePolicy = {
  reads: true,
  writes: true,
  scope: "shared",
  readScopes: ["shared"],
  producer: { qik: "0", arch: "linux-64" },
};

/** One checkout on one machine, in front of a store that others use too. */
export class Member extends CacheRoom {
  readonly problems: Problem[] = [];
  readonly remote: RemoteCache;

  constructor(objects: ObjectStore, policy: Partial<RemotePolicy> = {}, maxEntry = 1e9) {
    super();
    const { files, store: dir, state: stateDir } = this;
    const clock = systemClock;
    this.remote = openRemoteCache({
      name: "team",
      store: objects,
      local: openLocalCache({ files, clock, dir, stateDir }),
      files,
      clock,
      temporary: `${dir}/v1/tmp`,
      policy: { ...POLICY, ...policy },
      timeoutMs: 60_000,
      uploadWaitMs: 60_000,
      maxEntry,
      tell: (problem) => void this.problems.push(problem),
    });
  }

  /** Runs a command that writes `out/small` and `out/large`, and uploads what came of it. */
  async build(name: string, text = name): Promise<void> {
    this.write("out/small", `small ${text}`);
    this.write("out/large", largeOf(text));
    const result = this.result([["out", `built ${text}`]], { key: keyOf(name), patterns: ["out"] });
    await this.remote.put(result);
  }

  /** Waits for uploads. */
  async finish(): Promise<void> {
    await this.remote.finish(new AbortController().signal);
  }

  /** What replaying gives; `undefined` for a miss. */
  async replay(name: string): Promise<string | undefined> {
    this.remove("out");
    const recalled = await this.recall(this.remote, keyOf(name), ["out"]);
    if (recalled === undefined) return undefined;
    const text = (path: string) => new TextDecoder().decode(this.files.read(this.path(path)));
    const said = recalled.said.map(([, bytes]) =>
      typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes)
    );
    return [said.join(""), text("out/small"), text("out/large").slice(0, 40)].join("|");
  }
}

/** Larger than what stands in a record. */
export function largeOf(text: string): string {
  return `large ${text} `.repeat(20_000);
}

/** What {@link Member.replay} gives of an honest entry. */
export function honest(text: string): string {
  return [`built ${text}`, `small ${text}`, largeOf(text).slice(0, 40)].join("|");
}

/** A new pair of keys, in all forms. */
export async function keys(until = "") {
  const { secretKey, publicKey, id } = await makeKeys();
  const accept = await readAcceptKey(publicKey + until);
  return { id, signKey: await readSignKey(secretKey), accept: accept!, secretKey, publicKey };
}

/** A store with one honest, signed entry. */
export async function signedStore() {
  const trusted = await keys();
  const objects = new MemoryStore();
  using writer = new Member(objects, { signKey: trusted.signKey });
  await writer.build("k");
  await writer.finish();
  return { objects, trusted, acceptKeys: [trusted.accept] };
}
