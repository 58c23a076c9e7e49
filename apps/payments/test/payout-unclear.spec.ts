import { jest } from '@jest/globals';
import { eventually } from '@roost/testing';
import {
  ProviderRejection,
  type ProviderTransfers,
  ProviderUnavailable,
} from '../src/provider/provider.port.js';
import { Providers } from '../src/provider/providers.js';
import { PayoutRunner } from '../src/payout/payout-runner.service.js';
import { DUE, PayoutsUnderTest, SHARE } from './payouts.fixture.js';

describe('payouts after a call with an unclear outcome', () => {
  let payouts: PayoutsUnderTest;
  let transfers: ProviderTransfers;
  beforeAll(async () => {
    payouts = await PayoutsUnderTest.start({ PROVIDER_TIMEOUT_SECONDS: '0.5' });
    transfers = payouts.service.get(Providers).of('sandbox').transfers!;
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => payouts.close());

  async function givenDueStay() {
    const host = await payouts.givenHost();
    await payouts.givenStay(host);
    return host;
  }

  /** The creation times out first, then is rejected. `late`: the first one arrives at the provider after the rejection. */
  function failThenReject({ late }: { late: boolean }) {
    const create = transfers.create.bind(transfers);
    return jest
      .spyOn(transfers, 'create')
      .mockRejectedValueOnce(new ProviderUnavailable('timed out'))
      .mockImplementationOnce(async (request) => {
        if (late) await create(request);
        throw new ProviderRejection('balance_insufficient', 'rejected', false);
      });
  }

  const sweepUntil = (check: () => Promise<void>) =>
    eventually(
      async () => {
        await payouts.service.clock.advance('PT1S');
        await check();
      },
      { seconds: 20 },
    );
  const payoutsOf = async (host: Parameters<typeof payouts.payoutsOf>[0]) =>
    (await payouts.payoutsOf(host)).filter(({ id }) => id !== null).map(({ status }) => status);

  test('a rejection of the second call does not pay the host again if the first call has succeeded', async () => {
    const host = await givenDueStay();
    failThenReject({ late: true });
    await payouts.service.clock.set(DUE);
    await sweepUntil(async () => expect(await payoutsOf(host)).toEqual(['paid']));
    expect(await payouts.transfersTo(host)).toMatchObject([{ amountMinor: SHARE }]);
  });

  test('a rejection is final when the provider has no transfer later either', async () => {
    const host = await givenDueStay();
    const create = failThenReject({ late: false });
    await payouts.service.clock.set(DUE);
    await sweepUntil(async () => expect(await payoutsOf(host)).toEqual(['failed']));
    expect(create).toHaveBeenCalledTimes(2);
    expect(await payouts.transfersTo(host)).toEqual([]);
  });

  test('the call is not repeated before the lease of the first one would end', async () => {
    const host = await givenDueStay();
    jest.spyOn(transfers, 'create').mockRejectedValueOnce(new ProviderUnavailable('timed out'));
    await payouts.service.clock.set(DUE);
    const [row] = await eventually(async () => {
      const rows = await payouts.service.query<{ id: string; wait: number }>(
        `SELECT id, extract(epoch FROM call_at - started_at)::float8 AS wait FROM payout
         WHERE host_id = $1 AND tries = 1 AND lease_until IS NULL`,
        [host.id],
      );
      expect(rows).toHaveLength(1);
      return rows;
    });
    // Five times PROVIDER_TIMEOUT_SECONDS.
    expect(row?.wait).toBeGreaterThanOrEqual(2.5);
    // As by its job, if the sweep was faster.
    await payouts.service.get(PayoutRunner).run(row?.id ?? '');
    expect(await payouts.transfersTo(host)).toEqual([]);
    await sweepUntil(async () => expect(await payoutsOf(host)).toEqual(['paid']));
  });
});
