/**
 * Test files that take more than ten seconds, the longest first. Whoever starts them last waits for one of them while the
 * other processors have nothing to do. That one is missing here costs only time; each must exist (steps_test).
 */
export const LONG: readonly string[] = [
  "tests/cli/piptools_test.ts",
  "tests/cli/uv_test.ts",
  "tests/cli/poetry_test.ts",
  "tests/cli/conda_test.ts",
  "tests/cli/remote_secrets_test.ts",
  "tests/cli/disk_test.ts",
  "tests/cli/proof_restore_test.ts",
  "tests/cli/proof_changes_test.ts",
  "tests/cli/remote_credentials_test.ts",
  "tests/cli/remote_faults_test.ts",
  "tests/cli/proof_test.ts",
  "tests/cli/running_test.ts",
  "tests/cli/watch_test.ts",
  "tests/diff/environments_test.ts",
  "tests/prop/pygraph_scan_test.ts",
  "tests/prop/pathspec_test.ts",
  "tests/unit/cache/local_test.ts",
];

/** The same files in the order in which they are to be started. */
export function longestFirst(files: readonly string[]): readonly string[] {
  const known = LONG.filter((file) => files.includes(file));
  return [...known, ...files.filter((file) => !LONG.includes(file))];
}
