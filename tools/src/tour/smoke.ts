import { assertRule } from './actions.js';
import type { Client } from './client.js';

export interface Step {
  name: string;
  /** Throws on failure. The result is printed after the name. */
  run(anonymous: Client): Promise<string | void>;
}

/** Steps that change nothing. */
export const smoke: Step[] = [
  {
    name: 'Roost is running',
    run: async (anonymous) => {
      anonymous.expect(await anonymous.get('/health/live'), 200);
      anonymous.expect(await anonymous.get('/health/ready'), 200);
    },
  },
  {
    name: 'The API is documented',
    run: async (anonymous) => {
      const document = anonymous.expect(await anonymous.get<{ paths: object }>('/openapi.json'), 200);
      anonymous.expect(await anonymous.get('/docs'), 200);
      const paths = Object.keys(document.body.paths);
      assertRule(
        anonymous,
        document,
        paths.includes('/v1/bookings') && paths.includes('/v1/listings/search'),
        'the document has the routes of every service',
      );
      return `${paths.length} paths in /openapi.json`;
    },
  },
  {
    name: 'An invalid date and an unknown route are rejected with a problem',
    run: async (anonymous) => {
      anonymous.expect(
        await anonymous.get('/v1/listings/search?city=Lisbon&checkIn=2028-02-31&checkOut=2028-03-02'),
        400,
        'request.invalid',
      );
      anonymous.expect(await anonymous.get('/v1/nothing-here'), 404);
    },
  },
];
