import { randomUUID } from 'node:crypto';
import { expectProblem, testUser } from '@roost/testing';
import { DUE, type PayoutBody, PayoutsUnderTest, SHARE } from './payouts.fixture.js';

interface PayoutPage {
  data: PayoutBody[];
  nextCursor: string | null;
}

interface Account {
  reference: string;
  usableAt: string;
}

describe('payouts of a host', () => {
  let payouts: PayoutsUnderTest;
  beforeAll(async () => {
    payouts = await PayoutsUnderTest.start();
  });
  afterAll(() => payouts.close());
  const clock = () => payouts.service.clock;

  describe('PUT /v1/me/payout-account', () => {
    test('stores one account per currency, encrypted, and masks it in answers', async () => {
      const host = await payouts.givenHost({ account: false });
      const response = await payouts.setAccount(host, { reference: 'acct_secret1234' });
      expect(response).toMatchObject({ status: 200, body: { provider: 'sandbox', currency: 'USD' } });
      expect(response.body).toMatchObject({ reference: '••••1234' });
      await payouts.setAccount(host, { currency: 'EUR', reference: 'acct_euro5678' });
      await payouts.setAccount(host, { reference: 'acct_other9999' });
      const list = await payouts.service.as(host).get<{ data: Account[] }>('/v1/me/payout-account');
      expect(list.body.data.map(({ reference }) => reference)).toEqual(['••••5678', '••••9999']);
      const stored = await payouts.service.query<{ text: string }>(
        'SELECT a::text AS text FROM payout_account a WHERE host_id = $1',
        [host.id],
      );
      expect(stored).toHaveLength(3);
      for (const { text } of stored) expect(text).not.toMatch(/acct_(secret|other|euro)/);
    });

    test('concurrent changes leave one account', async () => {
      const host = await payouts.givenHost({ account: false });
      const responses = await Promise.all(
        Array.from({ length: 6 }, (_, n) => payouts.setAccount(host, { reference: `acct_number${n}` })),
      );
      expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 200));
      const current = await payouts.service.query(
        'SELECT FROM payout_account WHERE host_id = $1 AND replaced_at IS NULL',
        [host.id],
      );
      expect(current).toHaveLength(1);
    });

    test('publishes each change without the account; the same account again is no change', async () => {
      const host = await payouts.givenHost({ account: false });
      const first = await payouts.setAccount(host);
      await clock().advance('PT1H');
      expect((await payouts.setAccount(host)).body).toEqual(first.body);
      const events = await payouts.service.published('payout-account.changed');
      const { usableAt } = first.body as unknown as Account;
      expect(events.filter(({ hostId }) => hostId === host.id)).toEqual([
        { hostId: host.id, currency: 'USD', provider: 'sandbox', usableAt },
      ]);
    });

    test.each([
      [{ reference: 'RCP_12345678' }, '/reference'],
      [{ reference: 'acct_' }, '/reference'],
      [{ reference: 'acct_a b c d' }, '/reference'],
      [{ reference: `acct_${'a'.repeat(80)}` }, '/reference'],
      [{ provider: 'paystack', reference: 'acct_12345678' }, '/reference'],
      [{ provider: 'paypal' }, '/provider'],
      [{ currency: 'XXX' }, '/currency'],
      [{ currency: 'usd' }, '/currency'],
      [{ hostId: randomUUID() }, '/hostId'],
    ])('400 for %j', async (body, pointer) => {
      const host = await payouts.givenHost({ account: false });
      const response = await payouts.setAccount(host, body);
      expectProblem(response, 400, 'request.invalid');
      expect(JSON.stringify(response.body)).toContain(pointer);
    });

    test('422 for a provider that is not enabled', async () => {
      const host = await payouts.givenHost({ account: false });
      for (const account of [
        { provider: 'stripe', reference: 'acct_1032D82eZvKYlo2C' },
        { provider: 'paystack', reference: 'RCP_gx2wn530m0i3w3m' },
      ]) {
        const response = await payouts.setAccount(host, account);
        expectProblem(response, 422, 'payout.provider_not_enabled');
        expect(response.body).toMatchObject({ providers: ['sandbox'] });
      }
    });

    test('requires a recent authentication, the role host and a verified address', async () => {
      const path = '/v1/me/payout-account';
      const stale = testUser({ roles: ['host'], authTime: new Date(Date.now() - 6 * 60_000) });
      expectProblem(await payouts.setAccount(stale), 403, 'auth.step_up_required');
      expectProblem(await payouts.setAccount(testUser()), 403, 'auth.forbidden');
      expectProblem(
        await payouts.setAccount(testUser({ roles: ['host'], emailVerified: false })),
        403,
        'auth.email_unverified',
      );
      expectProblem(await payouts.service.anonymous.put(path, {}), 401, 'auth.missing_token');
      expectProblem(await payouts.service.as(testUser()).get(path), 403, 'auth.forbidden');
    });
  });

  describe('GET /v1/me/payouts', () => {
    test('pages through upcoming amounts and payouts, each once', async () => {
      const host = await payouts.givenHost();
      for (const due of ['05-11', '05-12', '05-13', '06-01', '06-02']) {
        await payouts.givenStay(host, { payoutDueAt: `2030-${due}T19:00:00.000Z` });
      }
      const paid: [string, number][] = [];
      for (const due of ['05-11', '05-12', '05-13']) {
        await clock().set(`2030-${due}T19:00:00Z`);
        paid.push(['paid', SHARE]);
        await payouts.becomes(host, paid);
      }
      const seen: PayoutBody[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const path: string = `/v1/me/payouts?limit=1${cursor ? `&cursor=${cursor}` : ''}`;
        const { body } = await payouts.service.as(host).get<PayoutPage>(path);
        seen.push(...body.data);
        cursor = body.nextCursor;
      }
      expect(seen.map(({ status, dueAt }) => [status, dueAt.slice(5, 10)])).toEqual([
        ['upcoming', '06-01'],
        ['upcoming', '06-02'],
        ['paid', '05-13'],
        ['paid', '05-12'],
        ['paid', '05-11'],
      ]);
      expect(seen).toEqual(await payouts.payoutsOf(host));
    });

    test('filters by status and booking, and shows nothing to other hosts', async () => {
      const host = await payouts.givenHost();
      const paid = await payouts.givenStay(host);
      const later = await payouts.givenStay(host, { payoutDueAt: '2030-07-01T19:00:00.000Z' });
      await clock().set(DUE);
      await payouts.becomes(host, [['paid', SHARE]]);
      const statuses = async (query: string) =>
        (await payouts.payoutsOf(host, query)).map(({ status }) => status);
      expect(await statuses('')).toEqual(['upcoming', 'paid']);
      expect(await statuses('&status=paid')).toEqual(['paid']);
      expect(await statuses('&status=upcoming')).toEqual(['upcoming']);
      expect(await statuses('&status=failed')).toEqual([]);
      expect(await statuses(`&bookingId=${paid.bookingId}`)).toEqual(['paid']);
      expect(await statuses(`&bookingId=${later.bookingId}`)).toEqual(['upcoming']);
      expect(await statuses(`&bookingId=${randomUUID()}`)).toEqual([]);
      const stranger = testUser({ roles: ['host'] });
      expect(await payouts.payoutsOf(stranger, `&bookingId=${paid.bookingId}`)).toEqual([]);
    });

    test('below the minimum of the currency an amount is carried', async () => {
      const host = await payouts.givenHost();
      const small = { totalMinor: 5_980, hostPayoutMinor: 40 };
      await payouts.givenStay(host, small);
      await clock().set(DUE);
      expect(await payouts.upcoming(host)).toEqual([[40, 'below_minimum']]);
      await payouts.givenStay(host, { ...small, payoutDueAt: '2030-05-20T19:00:00.000Z' });
      await clock().set('2030-05-20T19:00:00Z');
      await payouts.becomes(host, [['paid', 80]]);
    });

    test('400 for invalid parameters, 401 and 403 for other callers', async () => {
      const host = testUser({ roles: ['host'] });
      for (const query of ['limit=0', 'cursor=x', 'status=sent', 'bookingId=1', 'unknown=1']) {
        expectProblem(await payouts.service.as(host).get(`/v1/me/payouts?${query}`), 400, 'request.invalid');
      }
      expectProblem(await payouts.service.anonymous.get('/v1/me/payouts'), 401, 'auth.missing_token');
      expectProblem(await payouts.service.as(testUser()).get('/v1/me/payouts'), 403, 'auth.forbidden');
    });
  });

  describe('/v1/admin/payouts', () => {
    test('lists the payouts of all hosts with filters', async () => {
      const host = await payouts.givenHost();
      await payouts.givenStay(host);
      await clock().set(DUE);
      const [paid] = await payouts.becomes(host, [['paid', SHARE]]);
      const own = await payouts.adminList(`&hostId=${host.id}`);
      expect(own).toMatchObject([{ id: paid?.id, hostId: host.id, attempt: 1, retryAt: null }]);
      const transfer = await payouts.transferTo(host);
      expect(own[0]?.providerRef).toBe(transfer.id);
      expect(await payouts.adminList(`&hostId=${host.id}&status=failed`)).toEqual([]);
      expect(await payouts.adminList(`&hostId=${host.id}&currency=JPY`)).toEqual([]);
      expect(await payouts.adminList(`&hostId=${host.id}&currency=USD&status=paid`)).toHaveLength(1);
    });

    test('401, 403, 404 and 400', async () => {
      const { service } = payouts;
      const path = '/v1/admin/payouts';
      expectProblem(await service.anonymous.get(path), 401, 'auth.missing_token');
      expectProblem(await service.as(testUser({ roles: ['host'] })).get(path), 403, 'auth.forbidden');
      const retry = `${path}/${randomUUID()}/retry`;
      expectProblem(await service.as(testUser({ roles: ['host'] })).post(retry), 403, 'auth.forbidden');
      expectProblem(await payouts.retry(randomUUID()), 404, 'payout.not_found');
      for (const query of ['status=upcoming', 'hostId=x', 'currency=usd', 'cursor=x']) {
        expectProblem(
          await service.as(payouts.payments.admin).get(`${path}?${query}`),
          400,
          'request.invalid',
        );
      }
    });
  });

  describe('the graph', () => {
    const SET = `mutation ($input: SetPayoutAccountInput!) { setPayoutAccount(input: $input) { reference currency } }`;
    const LIST = `query ($status: PayoutStatus) {
      myPayouts(first: 1, status: $status) { edges { node { id status amountMinor bookings { bookingId } } } pageInfo { hasNextPage } }
      payoutAccounts { currency reference }
    }`;
    const OF = `query ($of: [_Any!]!) {
      _entities(representations: $of) { ... on Booking { payouts { status amountMinor } } }
    }`;

    test('sets the account with a recent authentication, and lists payouts', async () => {
      const host = await payouts.givenHost({ account: false });
      const input = { provider: 'sandbox', currency: 'USD', reference: 'acct_graph1234' };
      const set = await payouts.service.as(host).graphql(SET, { input });
      expect(set).toMatchObject({
        errors: [],
        data: { setPayoutAccount: { reference: '••••1234', currency: 'USD' } },
      });
      const stale = testUser({ roles: ['host'], authTime: new Date(Date.now() - 6 * 60_000) });
      const refused = await payouts.service.as(stale).graphql(SET, { input });
      expect(refused.errors).toMatchObject([{ extensions: { code: 'auth.step_up_required', status: 403 } }]);
      const booking = await payouts.givenStay(host);
      const list = await payouts.service.as(host).graphql(LIST, {});
      expect(list).toMatchObject({
        errors: [],
        data: {
          myPayouts: {
            edges: [
              {
                node: {
                  id: null,
                  status: 'upcoming',
                  amountMinor: SHARE,
                  bookings: [{ bookingId: booking.bookingId }],
                },
              },
            ],
            pageInfo: { hasNextPage: false },
          },
          payoutAccounts: [{ currency: 'USD', reference: '••••1234' }],
        },
      });
      const guest = await payouts.service.as(testUser()).graphql(LIST, {});
      expect(guest.errors[0]).toMatchObject({ extensions: { code: 'auth.forbidden' } });
    });

    test('Booking.payouts shows the payouts of a booking to its host only', async () => {
      const host = await payouts.givenHost();
      const [first, second] = [await payouts.givenStay(host), await payouts.givenStay(host)];
      const of = [second.bookingId, randomUUID(), first.bookingId].map((id) => ({
        __typename: 'Booking',
        id,
      }));
      const own = await payouts.service.as(host).graphql(OF, { of });
      const upcoming = { payouts: [{ status: 'upcoming', amountMinor: SHARE }] };
      expect(own.data).toEqual({ _entities: [upcoming, { payouts: null }, upcoming] });
      for (const viewer of [testUser({ roles: ['host'] }), testUser()]) {
        const { data, errors } = await payouts.service.as(viewer).graphql(OF, { of });
        expect(errors).toEqual([]);
        expect(data).toEqual({ _entities: [{ payouts: null }, { payouts: null }, { payouts: null }] });
      }
    });
  });
});
