/** The run cannot continue: one sentence for the operator. A row that breaks a rule is not such a failure. */
export class ImportFailed extends Error {
  override readonly name = 'ImportFailed';
}

export function unreadable(path: string, error: unknown): ImportFailed {
  if (error instanceof ImportFailed) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new ImportFailed(`${path} cannot be read to its end: ${reason}`);
}
