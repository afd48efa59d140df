import type { FileState } from "../git/tree.ts";

/**
 * All that a task's result may depend on; nothing else enters its key.
 *
 * Every list is in code-unit order of its names, so that equal tasks on two machines write equal bytes.
 */
export interface TaskKey {
  /** Bumped when the encoding or the meaning of a field changes: old entries are then never found. */
  readonly format: 3;
  /** The command sees its own name in `QIK__TASK`. */
  readonly task: string;
  /** After templates: the same text run elsewhere must match. */
  readonly exec: string | readonly string[];
  readonly shell: string;
  readonly dir: string;
  /** `linux-64` and so on; empty for portable commands and the repo cache. */
  readonly platform: string;
  /** Only what the command declares; the rest of the environment does not enter. */
  readonly env: readonly (readonly [string, string])[];
  /** Variables passed through by name; their values are secrets. */
  readonly passEnv: readonly (readonly [string, string | undefined])[];
  readonly args: readonly string[];
  /** What is stored is part of what the result is. */
  readonly artifacts: readonly string[];
  /** Space and environment: the venv's identity, which holds its lock file's content. */
  readonly venv: string;
  readonly facts: readonly KeyFact[];
  readonly files: readonly FileState[];
  /** Upstream task to the digest of what it hands on. */
  readonly upstream: readonly (readonly [string, string])[];
}

/** A dependency that is not a file. `undefined` says "not there", which differs from an empty value. */
export interface KeyFact {
  readonly label: string;
  readonly value: string | undefined;
  readonly secret: boolean;
}

/** Where the fields of a key go: into a digest, or into lines for people. */
export interface Sink {
  field(name: string, value: string): void;
  /** A value that must not be told: it may enter a digest only. */
  secret(name: string, value: string): void;
  /** Input files, all at once: they are most of what a key is made of. */
  files(files: readonly FileState[]): void;
}

/**
 * Writes a key, field by field. The only place that knows the order; digest, explanation and stored record
 * all come from it.
 */
export function writeKey(sink: Sink, key: TaskKey): void {
  sink.field("format", `${key.format}`);
  sink.field("task", key.task);
  if (typeof key.exec === "string") sink.field("exec", key.exec);
  else writeList(sink, "argv", key.exec);
  sink.field("shell", key.shell);
  sink.field("dir", key.dir);
  sink.field("platform", key.platform);
  sink.field("venv", key.venv);
  writeList(sink, "args", key.args);
  writeList(sink, "artifacts", key.artifacts);
  sink.field("env count", `${key.env.length}`);
  // Templates may have put a credential into it.
  for (const [name, value] of key.env) sink.secret(`env ${name}`, value);
  sink.field("pass-env count", `${key.passEnv.length}`);
  for (const [name, value] of key.passEnv) writeSecret(sink, `pass-env ${name}`, value);
  sink.field("fact count", `${key.facts.length}`);
  for (const { label, value, secret } of key.facts) {
    if (secret) writeSecret(sink, label, value);
    else sink.field(label, present(value));
  }
  sink.field("upstream count", `${key.upstream.length}`);
  for (const [task, digest] of key.upstream) sink.field(`upstream ${task}`, digest);
  sink.files(key.files);
}

/** One mark tells a value from its absence, so that no value can stand for "not there". */
const present = (value: string | undefined) => value === undefined ? "-" : `=${value}`;

function writeSecret(sink: Sink, name: string, value: string | undefined): void {
  if (value === undefined) sink.field(name, "-");
  else sink.secret(name, value);
}

function writeList(sink: Sink, name: string, items: readonly string[]): void {
  sink.field(`${name} count`, `${items.length}`);
  for (const item of items) sink.field(name, item);
}
