import type { MetaSpec } from "../meta_spec.ts";
import { CACHE_SPEC } from "./cache/spec.ts";

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
  CACHE_SPEC,
  {
    name: "graph",
    text: "the graph of tasks, or of imports, and why one leads to another",
    words: ["[graph]", "[from]", "[to]"],
    options: [
      {
        flags: "--format <name>",
        text: "how it is written",
        choices: ["text", "dot", "mermaid", "json", "html"],
      },
      { flags: "--why", text: "the shortest way between two names: :graph imports --why A B" },
    ],
    details: `Graphs are "tasks" and those of plugins: "imports" of qik.pygraph. With --why
the exit code is 1 where there is no way.`,
    load: () => import("./graph.ts"),
  },
  {
    name: "explain",
    text: "all that a task's key is made of, and what differs",
    words: ["<task>"],
    options: [
      {
        many: true,
        flags: "--diff <key>",
        text: "compare with an earlier key; given twice: one earlier key with another",
      },
    ],
    details: `Says whether a run would replay the task and why not, then the whole record
of its key. Secrets are shown as digests that only tell whether they changed.
Without --diff a cold task is compared with its nearest earlier result.`,
    load: () => import("./explain.ts"),
  },
  {
    name: "x",
    text: "a program in the environment of a space (also: qikx)",
    words: ["[tool]", "[args...]"],
    passThrough: true,
    details: `TOOL may be followed by @SPACE. All words behind it belong to the program.`,
    load: () => import("./x.ts"),
  },
  {
    name: "merge-driver",
    text: "merge files of the repo cache; called by git",
    words: ["[base]", "[ours]", "[theirs]", "[path]"],
    options: [{ flags: "--install", text: "tell this clone's git about it" }],
    details: `Leaves one whole side in the file OURS, never a conflict. The first result
that a clone stores in the repo cache installs it; --install does so before.`,
    load: () => import("./merge_driver.ts"),
  },
];
