import { randomUUID } from 'node:crypto';
import { Transactions } from '@roost/messaging';
import { captureStatements } from '@roost/testing';
import { AccountIds } from '../src/ledger/account-ids.service.js';
import { captureLegs } from '../src/ledger/domain/posting.js';
import { LedgerService } from '../src/ledger/ledger.service.js';
import { type PaymentsUnderTest, startPayments } from './payments.fixture.js';

describe('the accounts of a posting', () => {
  let payments: PaymentsUnderTest;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.close());

  const aPosting = (parties: { guestId: string; hostId: string }) => ({
    ...{
      key: `test:${randomUUID()}`,
      currency: 'USD',
      paymentId: null,
      bookingId: null,
      occurredAt: new Date(),
    },
    legs: captureLegs(parties, { hostMinor: 90, platformMinor: 7, taxMinor: 3 }),
  });
  const newParties = () => ({ guestId: randomUUID(), hostId: randomUUID() });
  const ledger = () => payments.service.get(LedgerService);
  const transactions = () => payments.service.get(Transactions);
  const post = (posting: ReturnType<typeof aPosting>) =>
    transactions().run((em) => ledger().post(em, posting));
  const legsOf = async (key: string) =>
    (await payments.service.query('SELECT leg FROM movement WHERE key = $1', [key])).length;

  test('are not read again for parties that have been posted before', async () => {
    const parties = newParties();
    await post(aPosting(parties));
    const posting = aPosting(parties);
    const statements = await captureStatements(() => post(posting));
    expect(statements.filter(({ text }) => /ledger_account/.test(text))).toEqual([]);
    expect(await legsOf(posting.key)).toBe(4);
  });

  test('are still known after another posting has emptied the full cache', async () => {
    const posting = aPosting(newParties());
    await post(posting);
    const accounts = payments.service.get(AccountIds);
    await transactions().run(async (em) => {
      const idOf = await accounts.of(em, 'USD', posting.legs);
      (accounts as unknown as { committed: Map<string, number> }).committed.clear();
      for (const { debit, credit } of posting.legs) expect(idOf(debit)).not.toBe(idOf(credit));
    });
  });

  test('are created again after the transaction that created them was rolled back', async () => {
    const parties = newParties();
    const rolledBack = transactions().run(async (em) => {
      await ledger().post(em, aPosting(parties));
      await ledger().post(em, aPosting(parties));
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    const posting = aPosting(parties);
    await post(posting);
    expect(await legsOf(posting.key)).toBe(4);
  });

  test('that another transaction created after the snapshot of this one are found by a second try', async () => {
    const parties = newParties();
    const posting = aPosting(parties);
    let tries = 0;
    await transactions().run(async (em) => {
      tries += 1;
      // The first statement takes the snapshot.
      await em.execute('SELECT 1 FROM payment LIMIT 1');
      if (tries === 1) await transactions().begin((other) => ledger().post(other, aPosting(parties)));
      await ledger().post(em, posting);
    });
    expect(tries).toBe(2);
    expect(await legsOf(posting.key)).toBe(4);
  });

  test('are the same for concurrent postings of new parties', async () => {
    const parties = newParties();
    const postings = Array.from({ length: 12 }, () => aPosting(parties));
    await Promise.all(postings.map(post));
    const accounts = await payments.service.query('SELECT FROM ledger_account WHERE owner_id = ANY($1)', [
      [parties.guestId, parties.hostId],
    ]);
    expect(accounts).toHaveLength(2);
    for (const { key } of postings) expect(await legsOf(key)).toBe(4);
  });
});
