/** A rejected request: its transaction is rolled back. */
export class Rejection extends Error {
  constructor(
    readonly status: 400 | 404 | 409,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
