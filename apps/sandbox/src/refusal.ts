/** A request the provider turns down; nothing of it is kept. */
export class Refusal extends Error {
  constructor(
    readonly status: 400 | 404 | 409,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
