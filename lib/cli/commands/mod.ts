import { nearest } from "../../base/nearest.ts";
import { QikError } from "../../base/problems.ts";
import type { AppParts, Exit } from "../parts.ts";
import type { Invocation } from "../args.ts";

type MetaCommand = (parts: AppParts, invocation: Invocation) => Exit | Promise<Exit>;

/** Meta commands by name; each file is loaded when its command is called. */
const META: Readonly<Record<string, () => Promise<{ run: MetaCommand }>>> = {
  schema: () => import("./schema.ts"),
  version: () => import("./version.ts"),
};

/**
 * Runs `qik :name`.
 *
 * @throws {QikError} `usage` for a name that is not one, with the nearest.
 */
export async function metaCommand(
  name: string,
  parts: AppParts,
  invocation: Invocation,
): Promise<Exit> {
  const load = Object.hasOwn(META, name) ? META[name] : undefined;
  if (load === undefined) {
    const close = nearest(name, Object.keys(META));
    const listed = Object.keys(META).map((known) => `:${known}`).join(", ");
    throw new QikError({
      code: "usage",
      message: `Cannot find the meta command ":${name}"`,
      hint: close.length > 0 ? `Did you mean ":${close[0]}"?` : `There are ${listed}`,
    });
  }
  if (invocation.names.length > 0) {
    throw new QikError({
      code: "usage",
      message: `Cannot use "${invocation.names.join(" ")}": ":${name}" takes no names`,
    });
  }
  return await (await load()).run(parts, invocation);
}
