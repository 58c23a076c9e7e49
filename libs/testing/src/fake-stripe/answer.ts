import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';

export const STRIPE_KEY = 'sk_test_ofTheSpecs';

export interface Answer {
  status: number;
  body: unknown;
}

export const errorBody = (error: object) => ({
  error: {
    message: `RAW STRIPE MESSAGE for ${STRIPE_KEY} ${randomUUID()}`,
    doc_url: 'https://stripe.com/docs/error-codes',
    ...error,
  },
});

export function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
