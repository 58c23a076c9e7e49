import { runsAllFaults, testUser } from '@roost/testing';
import { FakePaystack } from './fake-paystack/fake-paystack.js';
import { KillablePayments } from './killable-payments.fixture.js';
import { aBooking, type PaymentBody } from './payments.fixture.js';
import type { SandboxProcess } from './sandbox.fixture.js';

/** The calls to Paystack: #1 creates the payment, #2 refunds it. `ROOST_FAULTS=all` adds the commits. */
const commits = runsAllFaults ? Array.from({ length: 10 }, (_, n) => n + 1) : [];
const points = [
  ['after the creation', 'payments.after-provider:kill#1'],
  ['before the refund', 'payments.before-provider:kill#2'],
  ['after the refund', 'payments.after-provider:kill#2'],
  ['before a webhook is handled', 'payments.before-webhook-handled:kill'],
  ...commits.flatMap((commit) => [
    [`before commit ${commit}`, `payments.before-commit:kill#${commit}`],
    [`after commit ${commit}`, `payments.after-commit:kill#${commit}`],
  ]),
] as [string, string][];

describe('kill -9 during a booking that is paid at Paystack', () => {
  let paystack: FakePaystack;
  let payments: KillablePayments;
  beforeAll(async () => {
    paystack = await FakePaystack.start();
    paystack.losesWebhooks = true;
    const provider = {
      env: paystack.env,
      switches: ({ webhookUrl }: { webhookUrl: string }) => {
        paystack.webhookUrl = webhookUrl.replace(/sandbox$/, 'paystack');
        return Promise.resolve();
      },
      request: () => Promise.resolve({ data: [] }),
      stop: () => paystack.stop(),
    };
    payments = await KillablePayments.start({
      startProvider: () => Promise.resolve(provider as unknown as SandboxProcess),
    });
  });
  afterAll(() => payments.stop());

  test.each(points)(
    '%s: one charge, one refund, and all books agree',
    async (_name, point) => {
      const killsBefore = payments.kills;
      await payments.arm(point);
      const guest = testUser();
      const booking = aBooking({ guest, bookingMode: 'request', currency: 'NGN' });
      const becomes = (status: string) =>
        payments.retry(async (as) => {
          const { body } = await as(guest).get<PaymentBody>(`/v1/bookings/${booking.bookingId}/payment`);
          expect(body.status).toBe(status);
          return body;
        });

      await payments.deliver('booking.created', booking);
      const { id, redirectUrl } = await becomes('requires_action');
      await paystack.pay(redirectUrl);
      await becomes('captured');
      await payments.deliver('booking.declined', { ...booking, state: 'declined' });
      const refunds = () => {
        const ids = paystack.state.transactions
          .filter((each) => each.reference.includes(id))
          .map((each) => each.id);
        return paystack.state.refunds.filter(({ transaction }) => ids.includes(transaction));
      };
      await payments.retry(async () => expect(refunds()).toHaveLength(1));
      await paystack.finishRefund(refunds()[0]!, 'processed');
      await becomes('refunded');

      expect(payments.kills).toBe(killsBefore + 1);
      expect(refunds()).toMatchObject([{ amount: 27_280, status: 'processed' }]);
      expect(await payments.published(booking.bookingId)).toEqual({
        'payment.action-required': 1,
        'payment.captured': 1,
        'payment.created': 1,
        'payment.refunded': 1,
      });
      expect(await payments.balances(booking.bookingId)).toEqual({});
      await payments.agreed();
    },
    90_000,
  );
});
