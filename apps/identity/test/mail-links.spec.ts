import { randomUUID } from 'node:crypto';
import { golden } from '@roost/testing';
import { type InboxMail, startIdentity, type TestAccount, type TestIdentity } from './identity.fixture.js';
import { CLIENT_URLS } from './mail.fixture.js';
import { type BookingScenario, createScenario } from './notification.fixture.js';

let identity: TestIdentity;
let scenario: BookingScenario;
beforeAll(async () => {
  identity = await startIdentity({ CLIENT_URLS });
});
beforeEach(async () => {
  scenario = await createScenario(identity);
});
afterAll(() => identity.close());

const APP = 'https://app.example.com';
const setLocale = async ({ accessToken }: TestAccount, locale: string) =>
  expect((await identity.with(accessToken).patch('/v1/me', { locale })).status).toBe(200);
const expectLink = ({ text, html }: InboxMail, url: string) => {
  expect(text).toContain(`${url}\n`);
  expect(html).toContain(`href="${url}"`);
};

describe('a mail is in the language of its reader, with a link to the page of the client', () => {
  it('about a booking', async () => {
    await setLocale(scenario.guest, 'fr-CA');
    await scenario.confirm();
    const guest = await scenario.latestMail('guest', 'booking-confirmed');
    expect(guest.subject).toBe('Votre séjour est confirmé\u00a0: Albany');
    expect(guest.html).toContain('<html lang="fr">');
    expect(guest.text).toMatch(/à partir de 15\sh\s00/);
    const host = await scenario.latestMail('host', 'booking-confirmed');
    expect(host.html).toContain('<html lang="en">');
    for (const mail of [guest, host]) expectLink(mail, `${APP}/booking/${scenario.facts.bookingId}`);
  });

  it('about a change to pay, a failed payment and a review', async () => {
    const { bookingId, listingId } = scenario.facts;
    await scenario.complete();
    await scenario.deliver('booking.change-accepted', 'confirmed', {
      changeId: randomUUID(),
      by: 'host',
      outcome: null,
      terms: { checkInDate: '2027-07-01', checkOutDate: '2027-07-05', guests: scenario.facts.guests },
      differenceMinor: 10_000,
      expiresAt: '2027-06-28T12:00:00Z',
    });
    expectLink(await scenario.latestMail('guest', 'booking-change-to-pay'), `${APP}/payment/${bookingId}`);
    const failed = { ...golden('payment.failed'), bookingId, guestId: scenario.guest.id };
    await identity.service.deliver('payment.failed', { ...failed, purpose: 'booking' });
    expectLink(await scenario.latestMail('guest', 'payment-failed'), `${APP}/listing/${listingId}`);
    await identity.service.deliver('payment.failed', { ...failed, purpose: 'change' });
    expectLink(await scenario.latestMail('guest', 'payment-failed'), `${APP}/booking/${bookingId}`);
    await scenario.publishReview('host_to_guest');
    const review = await scenario.latestMail('guest', 'review-published');
    expectLink(review, `${APP}/review/${bookingId}`);
    expectLink(review, `${APP}/notification-settings`);
  });

  it('about a message, a calendar and a payout', async () => {
    const { listingId } = scenario.facts;
    await setLocale(scenario.host, 'fr');
    const threadId = randomUUID();
    await scenario.sendMessage('guest', { bookingId: null, threadId });
    const message = await scenario.latestMail('host', 'message-received');
    expect(message.subject).toBe(
      `${await scenario.nameOf('guest')} vous a envoyé un message au sujet de «\u00a0A flat by the river\u00a0»`,
    );
    expectLink(message, `${APP}/messages/${threadId}`);
    const hostId = scenario.host.id;
    const feed = { feedId: randomUUID(), listingId, hostId, problem: 'empty' };
    await identity.service.deliver('feed.problem-found', feed);
    expectLink(await scenario.latestMail('host', 'feed-problem-found'), `${APP}/calendar/${listingId}`);
    await identity.service.deliver('payout.paid', { ...golden('payout.paid'), hostId });
    expectLink(await scenario.latestMail('host', 'payout-paid'), `${APP}/payouts`);
  });

  it('about the account, also for an address that another user wants', async () => {
    const { guest, host } = scenario;
    await setLocale(guest, 'fr');
    await identity.anonymous.post('/v1/auth/forgot-password', { email: guest.email });
    const reset = await scenario.latestMail('guest', 'reset-password');
    expect(reset.subject).toBe('Choisissez un nouveau mot de passe');
    expectLink(reset, `${APP}/reset-password/${reset.token}`);
    await identity.with(host.accessToken).post('/v1/me/email', { email: guest.email });
    const taken = await scenario.latestMail('guest', 'email-taken');
    expect(taken.subject).toBe('Cette adresse e-mail est déjà associée à un compte');
    expect(taken.text).toMatch(/^Bonjour,$/m);
    expectLink(taken, `${APP}/log-in`);
    const asked = await scenario.latestMail('host', 'email-change-old');
    expect(asked.subject).toBe('Do you want to change your mail address?');
    expectLink(asked, `${APP}/confirm-email-change/${asked.token}`);
  });

  it('but without a link for a message that an older version has stored without its thread', async () => {
    await identity.service.query('TRUNCATE listing_name');
    await scenario.sendMessage('guest', { bookingId: null });
    await identity.service.query(
      `UPDATE notification SET facts = facts - 'threadId' WHERE processed_at IS NULL`,
    );
    await scenario.publishListing();
    await identity.service.clock.advance('PT1S');
    const { html } = await scenario.latestMail('host', 'message-received');
    expect(html).not.toContain(`${APP}/messages`);
    expect(html).toContain(`${APP}/notification-settings`);
  });
});
