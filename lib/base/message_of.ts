/** The message of whatever was thrown: anything may be, though mostly it is an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
