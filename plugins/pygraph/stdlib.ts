/** What belongs to Python itself. */
import { ALWAYS, FIRST_MINOR, LAST_MINOR, SOMETIMES } from "./stdlib_names.ts";

/**
 * Top-level modules of Python's standard library.
 *
 * @param minor Of Python 3; a version that is not known has the names of the nearest one. Without it: the names of
 *   all versions.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { stdlibModules } from "./stdlib.ts";
 * assert.ok(stdlibModules(11).has("distutils") && !stdlibModules(12).has("distutils"));
 * assert.ok(stdlibModules().has("tomllib") && !stdlibModules(10).has("tomllib"));
 * ```
 */
export function stdlibModules(minor?: number): ReadonlySet<string> {
  const names = new Set(ALWAYS.split(" "));
  const wanted = minor && Math.min(LAST_MINOR, Math.max(FIRST_MINOR, minor));
  for (const entry of SOMETIMES.split(" ")) {
    const [name, first, last] = entry.split(/[:-]/) as [string, string, string];
    if (wanted === undefined || (Number(first) <= wanted && wanted <= Number(last))) {
      names.add(name);
    }
  }
  return names;
}

/**
 * The minor versions of Python 3 that have a module which not all of them have.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { stdlibSpan } from "./stdlib.ts";
 * assert.deepEqual(stdlibSpan("annotationlib"), { first: 14, last: Infinity });
 * assert.deepEqual(stdlibSpan("distutils"), { first: -Infinity, last: 11 });
 * assert.equal(stdlibSpan("os"), undefined);
 * ```
 */
export function stdlibSpan(
  name: string,
): { readonly first: number; readonly last: number } | undefined {
  return (spans ??= allSpans()).get(name);
}

type Span = NonNullable<ReturnType<typeof stdlibSpan>>;
let spans: ReadonlyMap<string, Span> | undefined;

function allSpans(): Map<string, Span> {
  return new Map(
    SOMETIMES.split(" ").map((entry) => {
      const [name, first, last] = entry.split(/[:-]/) as [string, string, string];
      // What came before the first version that is known, and after the last one, is like these.
      return [name, {
        first: Number(first) === FIRST_MINOR ? -Infinity : Number(first),
        last: Number(last) === LAST_MINOR ? Infinity : Number(last),
      }];
    }),
  );
}

/** Names that every version has. */
export function alwaysStdlib(): ReadonlySet<string> {
  return new Set(ALWAYS.split(" "));
}
