/** The run itself can't go on: one clear sentence for the operator. A row that breaks a rule is no such failure. */
export class ImportFailed extends Error {
  override readonly name = 'ImportFailed';
}
