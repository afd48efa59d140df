/** Source bytes that count how often they are looked at. */

/** Methods that look at many bytes in one call, and how many that are. */
const CALLS: Readonly<
  Record<string, (source: Uint8Array, args: number[], answer: unknown) => number>
> = {
  indexOf: (source, [, from = 0], answer) =>
    (answer === -1 ? source.length : answer as number + 1) - from,
  // Only a view: whoever reads it to the end is counted for its length.
  subarray: (source, [from = 0, to = source.length]) => Math.min(to, source.length) - from,
};

/**
 * @returns The number of bytes that `read` looks at in its source. Searches by the runtime over the whole source at
 *   once (a few for each file) are not counted, since they are linear.
 */
export function stepsOf(bytes: Uint8Array, read: (source: Uint8Array) => void): number {
  let steps = 0;
  const source = new Proxy(bytes, {
    get(target, name) {
      if (typeof name === "string" && name.charCodeAt(0) <= 0x39) {
        steps++;
        return target[Number(name)];
      }
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: number[]) => {
        const answer: unknown = value.apply(target, args);
        steps += CALLS[String(name)]?.(target, args, answer) ?? target.length;
        return answer;
      };
    },
  });
  read(source);
  return steps;
}
