/** One command-line option: parser, help and completion are all made from this table. */
export interface Option {
  /** As commander reads it: `-n, --workers <count>`. */
  readonly flags: string;
  readonly text: string;
  /** Heading in the help. */
  readonly group: "Select" | "Run" | "Show" | "Other";
  /** May be given several times. */
  readonly many?: boolean;
  /** All values that it may have. */
  readonly choices?: readonly string[];
}

/** All options of a run, in the order of the help. */
export const OPTIONS: readonly Option[] = [
  { group: "Select", many: true, flags: "-m, --module <name>", text: "tasks of this module" },
  { group: "Select", many: true, flags: "-s, --space <name>", text: "tasks of this space" },
  { group: "Select", many: true, flags: "-t, --tag <name>", text: "commands with this tag" },
  {
    group: "Select",
    many: true,
    flags: "-x, --exclude <name>",
    text: "leave out a command, task or wildcard",
  },
  { group: "Select", many: true, flags: "--cache <name>", text: "tasks that use this cache" },
  {
    group: "Select",
    flags: "--cache-status <warm|cold>",
    choices: ["warm", "cold"],
    text: "tasks that a run would replay (warm) or execute (cold)",
  },
  {
    group: "Select",
    flags: "--since <ref>",
    text: "tasks whose inputs changed since the merge base of ref and HEAD",
  },
  { group: "Select", flags: "--exact", text: "with --since: since ref itself" },
  { group: "Select", flags: "--changed", text: "tasks whose inputs changed since HEAD" },
  { group: "Select", flags: "--staged", text: "tasks whose inputs are staged for a commit" },
  { group: "Select", flags: "--isolated", text: "without the tasks that the chosen ones need" },
  {
    group: "Run",
    flags: "-n, --workers <count>",
    text: "tasks at a time (default: the processors available)",
  },
  { group: "Run", flags: "-f, --force", text: "execute without reading caches; store the results" },
  { group: "Run", flags: "--no-cache", text: "neither read nor write caches" },
  {
    group: "Run",
    flags: "--cache-trust <level>",
    choices: ["none", "signed", "2-of-n"],
    text: "believe no stored result (none), only those of a remote that an accepted key signed " +
      "(signed), or that two signed alike (2-of-n)",
  },
  {
    group: "Run",
    flags: "--audit <share>",
    text: "execute a share (1%, 0.01) of what would be replayed, and compare the results",
  },
  { group: "Run", flags: "--fail-fast", text: "start nothing more after the first failure" },
  { group: "Run", flags: "--watch", text: "run again what each change affects, until Ctrl-C" },
  { group: "Show", flags: "--ls", text: "list the selected tasks instead of running them" },
  { group: "Show", flags: "--fail", text: "with --ls: exit 1 if any task is selected" },
  {
    group: "Show",
    flags: "--dry-run",
    text: "say for each task whether it would be replayed, and why not",
  },
  { group: "Show", flags: "--json", text: "print --ls, --dry-run and meta commands as JSON" },
  {
    group: "Show",
    flags: "-v, --verbosity [level]",
    text: "0 only errors, 1 default, 2 all output (-v alone: 2)",
  },
  { group: "Show", flags: "--raw", text: "replayed output with all its terminal escapes" },
  {
    group: "Show",
    many: true,
    flags: "--report <kind[=file]>",
    text: "report as json (lines), github or junit, to a file or to standard output",
  },
  { group: "Show", flags: "--trace <file>", text: "write a Chrome trace of the run" },
  { group: "Show", flags: "--no-emoji", text: "words instead of emoji" },
  { group: "Other", flags: "-C, --directory <dir>", text: "start in this directory" },
  { group: "Other", flags: "-V, --version", text: "print the version" },
  { group: "Other", flags: "-h, --help", text: "print this help" },
];

/** What every meta command understands too, after its own options; told in the help of each. */
export const META_OPTIONS: readonly Omit<Option, "group">[] = [
  { flags: "--json", text: "print data as JSON" },
  { flags: "-v, --verbosity [level]", text: "as for a run" },
  { flags: "--no-emoji", text: "words instead of emoji" },
  { flags: "-C, --directory <dir>", text: "start in this directory" },
  { flags: "-h, --help", text: "print this help" },
];
