import { eventually } from '@roost/testing';
import type { Operator } from './operator.fixture.js';

/** One command prints that provider, payments, ledger and bookings agree. */
export async function expectAgreement(operator: Operator): Promise<void> {
  await eventually(
    async () => {
      const { code, out, err } = await operator.roost('reconcile', 'run');
      expect({ code, out }).toEqual({ code: 0, out: 'Nothing.\n' });
      expect(err).toMatch(/payments, .* at the providers, .* movements, .* bookings: 0 differences\.\n$/);
    },
    { seconds: 60 },
  );
}
