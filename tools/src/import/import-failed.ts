/** The run cannot continue: one sentence for the operator. A row that breaks a rule is not such a failure. */
export class ImportFailed extends Error {
  override readonly name = 'ImportFailed';
}
