import { type Calls, Oversized, RemoteOff } from "./calls.ts";
import { RECORDS } from "./record.ts";
import { MOST_OBJECT, type ObjectStore } from "./store.ts";

/** Where records are kept that nobody is to use, for whoever wants to know what was in them. */
export const QUARANTINE = "v1/quarantine/";

/**
 * Moves records to where nobody looks them up.
 *
 * @returns Names of those that are still where they were.
 */
export async function quarantine(
  calls: Calls,
  { remove }: Pick<ObjectStore, "remove">,
  names: readonly string[],
): Promise<readonly string[]> {
  if (remove === undefined) return names;
  const left: string[] = [];
  for (const name of names) {
    try {
      const bytes = await calls.read(name, MOST_OBJECT);
      if (bytes === undefined) continue;
      const place = QUARANTINE + name.slice(RECORDS.length);
      await calls.call("write", bytes.length, async (store, call) => {
        await store.put(place, bytes, { ...call, replace: true });
        await store.remove!([name], call);
      });
    } catch (error) {
      if (!(error instanceof RemoteOff || error instanceof Oversized)) throw error;
      left.push(name);
    }
  }
  return left;
}
