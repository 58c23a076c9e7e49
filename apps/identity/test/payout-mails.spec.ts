import { golden } from '@roost/testing';
import { createScenario, type BookingScenario } from './notification.fixture.js';
import { type TestIdentity, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
let scenario: BookingScenario;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  scenario = await createScenario(identity);
});
afterAll(() => identity.close());

const forHost = () => ({ hostId: scenario.host.id });
const hostMails = async () => (await scenario.mailedTemplates()).host;

describe('mails about payouts', () => {
  it('payout.paid mails the host once, with the amount in the decimals of its currency', async () => {
    const body = { ...golden('payout.paid'), ...forHost(), amountMinor: 12_340, currency: 'KWD' };
    await identity.service.deliver('payout.paid', body, { times: 2 });
    expect(await scenario.mailedTemplates()).toEqual({ guest: [], host: ['payout-paid'] });
    const { subject, text, html } = await scenario.latestMail('host', 'payout-paid');
    expect(subject).toBe('We sent you a payout of KWD\u00a012.340');
    expect(text).toMatch(/For: +1 booking\n/);
    expect(html).toContain('12.340');
    expect(text).not.toContain('turn off');
  });

  it('payout.failed mails the host at the first failure in a row only', async () => {
    const older = { ...golden('payout.failed'), ...forHost() };
    await identity.service.deliver('payout.failed', { ...older, attempt: 1 });
    await identity.service.deliver('payout.failed', { ...older, attempt: 2 });
    expect(await hostMails()).toEqual(['payout-failed']);
    const { subject, text } = await scenario.latestMail('host', 'payout-failed');
    expect(subject).toBe('Your payout of $271.60 failed');
    expect(text).toMatch(/Reason: +account_closed/);
    await identity.service.deliver('payout.failed', older);
    expect(await hostMails()).toEqual(['payout-failed', 'payout-failed']);
  });

  it('payout-account.changed mails the host when payouts start, without the account', async () => {
    await identity.service.deliver('payout-account.changed', {
      ...golden('payout-account.changed'),
      ...forHost(),
    });
    expect(await hostMails()).toEqual(['payout-account-changed']);
    const { subject, text } = await scenario.latestMail('host', 'payout-account-changed');
    expect(subject).toBe('Your payout account for USD was changed');
    expect(text).toMatch(/Payouts from: +Saturday, December 5, 2026, 20:00 \(UTC\)/);
    expect(text).toContain('If you did not change it');
  });

  it('payout.scheduled sends no mail', async () => {
    await identity.service.deliver('payout.scheduled', { ...golden('payout.scheduled'), ...forHost() });
    expect(await hostMails()).toEqual([]);
  });
});
