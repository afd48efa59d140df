import type { MetaSpec } from "../meta_spec.ts";

/** All meta commands that qik brings, in the order of the help. */
export const META: readonly MetaSpec[] = [
  {
    name: "version",
    text: "version, runtime and platform",
    load: () => import("./version.ts"),
  },
  {
    name: "schema",
    text: "JSON Schema of qik.toml, for editors",
    load: () => import("./schema.ts"),
  },
];
