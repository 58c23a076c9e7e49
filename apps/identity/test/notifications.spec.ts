import { randomUUID } from 'node:crypto';
import { aStory, type Story, TITLE } from './notifications.fixture.js';
import { type Identity, startIdentity } from './identity.js';

let identity: Identity;
let story: Story;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  story = await aStory(identity);
});
afterAll(() => identity.close());

const nobody = { guest: [], host: [] };

describe('each side gets the mail that is meant for it', () => {
  it('booking.created and booking.accepted: nobody', async () => {
    await story.created();
    await story.tell('booking.accepted' as 'booking.created', 'awaiting_capture', {});
    expect(await story.templates()).toEqual(nobody);
  });

  it('booking.requested: the host is asked, with the time to answer in the time zone of the listing', async () => {
    await story.requested();
    expect(await story.templates()).toEqual({ guest: [], host: ['booking-requested'] });
    const { subject, text } = await story.latest('host', 'booking-requested');
    expect(subject).toBe(`${await nameOf('guest')} asks to stay at ${TITLE}`);
    expect(text).toMatch(/Please answer by: +Wednesday, March 3, 2027, 07:00 \(America\/New_York\)/);
    expect(text).toContain('$1,000.50');
    expect(text).not.toContain('$1,234.56');
  });

  it('booking.confirmed: both, the guest with the total, the host with the payout', async () => {
    await story.confirmed();
    expect(await story.templates()).toEqual({ guest: ['booking-confirmed'], host: ['booking-confirmed'] });
    const guest = await story.latest('guest', 'booking-confirmed');
    expect(guest.text).toContain('$1,234.56');
    expect(guest.text).not.toContain('$1,000.50');
    expect(guest.text).toMatch(/Check-in: +Thursday, June 10, 2027, from 15:00/);
    expect(guest.text).toMatch(/Check-out: +Monday, June 14, 2027, by 11:00/);
    expect(guest.text).toMatch(/Guests: +2 adults, 1 child\n/);
    expect(guest.html).toContain('$1,234.56');
    const host = await story.latest('host', 'booking-confirmed');
    expect(host.text).toContain('$1,000.50');
    expect(host.text).not.toContain('$1,234.56');
  });

  it('booking.declined: the guest, who is not charged', async () => {
    await story.requested();
    await story.tell('booking.declined', 'declined', {});
    expect(await story.templates()).toEqual({ guest: ['booking-declined'], host: ['booking-requested'] });
    expect((await story.latest('guest', 'booking-declined')).text).toContain('You are not charged');
  });

  it.each(['host', 'check-in', 'capture'] as const)('booking.expired by %s: both', async (cause) => {
    await story.requested();
    await story.tell('booking.expired', 'expired', { cause });
    expect(await story.templates()).toEqual({
      guest: ['booking-expired'],
      host: ['booking-expired', 'booking-requested'],
    });
    expect((await story.latest('guest', 'booking-expired')).text).toContain('You are not charged');
  });

  it('booking.expired by its hold: only the guest; the host never heard of it', async () => {
    await story.created();
    await story.tell('booking.expired', 'expired', { cause: 'hold' });
    expect(await story.templates()).toEqual({ guest: ['booking-expired'], host: [] });
    expect((await story.latest('guest', 'booking-expired')).text).toContain('The time to pay has run out');
  });

  it('booking.expired by its hold once more: the money of a late payment goes back', async () => {
    await story.created();
    await story.tell('booking.expired', 'expired', { cause: 'hold' });
    await story.tell('booking.expired', 'expired', { cause: 'hold' });
    expect(await story.templates()).toEqual({ guest: ['booking-expired', 'booking-expired'], host: [] });
    const { subject, text } = (await story.mailsTo('guest'))[0] ?? {};
    expect(subject).toBe(`Your payment for ${TITLE} goes back to you`);
    expect(text).toMatch(/You get back: +\$1,234\.56/);
  });

  it.each(['guest', 'host', 'admin'] as const)(
    'booking.cancelled by %s: both, with the money',
    async (by) => {
      await story.confirmed();
      await story.tell('booking.cancelled', 'cancelled', {
        by,
        refundMinor: 70_000,
        refundLines: [],
        hostPenaltyMinor: by === 'host' ? 5_000 : 0,
        hostPayoutMinor: 40_010,
      });
      const guest = await story.latest('guest', 'booking-cancelled');
      expect(guest.text).toMatch(/You get back: +\$700\.00/);
      const host = await story.latest('host', 'booking-cancelled');
      expect(host.text).toMatch(/You are paid: +\$400\.10/);
      expect(host.text).not.toContain('$700.00');
      expect(host.text.includes('$50.00')).toBe(by === 'host');
      expect(guest.text).not.toContain('$50.00');
    },
  );

  it('booking.cancelled before it was paid: the guest, without a sum that was never paid', async () => {
    await story.created();
    await story.tell('booking.cancelled', 'cancelled', {
      by: 'guest',
      refundMinor: 123_456,
      refundLines: [],
      hostPenaltyMinor: 0,
    });
    expect(await story.templates()).toEqual({ guest: ['booking-cancelled'], host: [] });
    const { text } = await story.latest('guest', 'booking-cancelled');
    expect(text).toContain('You are not charged');
    expect(text).not.toContain('$1,234.56');
  });

  it('booking.change-proposed and -accepted: who has to answer, and who has to pay, until when', async () => {
    await story.confirmed();
    const change = {
      changeId: randomUUID(),
      outcome: null,
      terms: {
        checkInDate: '2027-07-01',
        checkOutDate: '2027-07-05',
        guests: { adults: 3, children: [], infants: 0, pets: 0 },
      },
      differenceMinor: 10_000,
      expiresAt: '2027-06-02T12:00:00Z',
    };
    await story.tell('booking.change-proposed', 'confirmed', { ...change, by: 'guest' });
    expect((await story.templates()).guest).not.toContain('booking-change-proposed');
    const asked = await story.latest('host', 'booking-change-proposed');
    expect(asked.text).toMatch(/Check-in: .*→ Thursday, July 1, 2027/);
    expect(asked.text).toMatch(/The guest pays in addition: +\$100\.00/);
    expect(asked.text).toContain('Please answer by');
    await story.tell('booking.change-accepted', 'confirmed', { ...change, by: 'host' });
    const due = await story.latest('guest', 'booking-change-to-pay');
    expect(due.text).toMatch(/To pay: +\$100\.00/);
    expect((await story.templates()).host).not.toContain('booking-change-to-pay');
    await story.tell('booking.change-proposed', 'confirmed', { ...change, differenceMinor: -1, by: 'host' });
    await story.tell('booking.change-accepted', 'confirmed', { ...change, differenceMinor: -1, by: 'guest' });
    expect((await story.templates()).guest.filter((name) => name === 'booking-change-to-pay')).toHaveLength(
      1,
    );
    expect((await story.latest('guest', 'booking-change-proposed')).text).toMatch(
      /The guest gets back: +\$0\.01/,
    );
  });

  it('booking.change-applied: both, with the new dates; the reminder moves along', async () => {
    await story.confirmed();
    const terms = { checkInDate: '2027-07-01', checkInAt: '2027-07-01T19:00:00Z', totalMinor: 133_456 };
    const id = randomUUID();
    await story.changed(terms, { id });
    await identity.service.query('TRUNCATE inbox_event');
    await story.changed(terms, { id });
    const guest = await story.latest('guest', 'booking-changed');
    expect(guest.text).toMatch(/Check-in: +Thursday, July 1, 2027/);
    expect(guest.text).toMatch(/Total: +\$1,334\.56/);
    expect(guest.text).toMatch(/You paid in addition: +\$100\.00/);
    expect((await story.latest('host', 'booking-changed')).text).not.toContain('$100.00');
    await identity.service.clock.set('2027-06-09T14:00:00Z');
    expect((await story.templates()).guest).not.toContain('check-in-reminder');
    await identity.service.clock.set('2027-06-30T14:00:00Z');
    expect((await story.latest('guest', 'check-in-reminder')).text).toContain('Thursday, July 1, 2027');
  });

  it('payment.failed: the guest', async () => {
    await story.created();
    await paymentFailed();
    expect(await story.templates()).toEqual({ guest: ['payment-failed'], host: [] });
    expect((await story.latest('guest', 'payment-failed')).text).toMatch(/Amount: +\$1,234\.56/);
  });

  it('review.published: whoever was reviewed', async () => {
    await story.completed();
    await story.reviewed('guest_to_listing');
    expect((await story.templates()).guest).toEqual(['booking-confirmed']);
    expect((await story.latest('host', 'review-published')).subject).toBe(`A new review of ${TITLE}`);
    await story.reviewed('host_to_guest');
    expect((await story.templates()).guest[0]).toBe('review-published');
  });
});

describe('message.sent: whoever it is for, without a word of it', () => {
  it('about a booking', async () => {
    await story.confirmed();
    await story.wrote('guest', {}, { times: 2 });
    await story.wrote('host');
    expect(await story.templates()).toEqual({
      guest: ['message-received', 'booking-confirmed'],
      host: ['message-received', 'booking-confirmed'],
    });
    const { subject, text } = await story.latest('host', 'message-received');
    expect(subject).toBe(`${await nameOf('guest')} wrote to you about ${TITLE}`);
    expect(text).toContain(story.facts.bookingId);
    expect(text).toContain('turn mails of this kind off');
  });

  it('about a listing, before there is a booking', async () => {
    await story.wrote('guest', { bookingId: null, threadId: randomUUID() });
    expect(await story.templates()).toEqual({ guest: [], host: ['message-received'] });
  });

  it('not the word that came with a booking which the host has not heard of; a request tells of both', async () => {
    await story.created();
    await story.wrote('guest');
    await story.requested();
    expect(await story.templates()).toEqual({ guest: [], host: ['booking-requested'] });
    await story.wrote('guest');
    expect((await story.templates()).host).toEqual(['message-received', 'booking-requested']);
  });

  it('waits for a booking that is told later', async () => {
    await story.wrote('host');
    expect(await story.templates()).toEqual(nobody);
    await story.created();
    await identity.service.clock.advance('PT1S');
    expect((await story.templates()).guest).toEqual(['message-received']);
  });

  it('not to somebody who has turned it off', async () => {
    await identity.with(story.host.accessToken).put('/v1/me/notification-settings', {
      checkInReminder: true,
      reviewReminder: true,
      reviewPublished: true,
      newMessage: false,
    });
    await story.confirmed();
    await story.wrote('guest');
    expect((await story.templates()).host).toEqual(['booking-confirmed']);
  });
});

describe('one event, one mail', () => {
  it('an event that comes twice', async () => {
    await story.confirmed({ times: 2 });
    expect(await story.templates()).toEqual({ guest: ['booking-confirmed'], host: ['booking-confirmed'] });
  });

  it('an event that comes again when the inbox has been emptied', async () => {
    const ids = [randomUUID(), randomUUID()] as const;
    await story.created();
    for (const _ of [1, 2]) {
      for (const id of ids) await story.tell('booking.expired', 'expired', { cause: 'hold' }, { id });
      await identity.service.query('TRUNCATE inbox_event');
    }
    expect((await story.templates()).guest).toEqual(['booking-expired', 'booking-expired']);
  });

  it('a mail waits for the title of the listing when that is late', async () => {
    await identity.service.query('TRUNCATE listing_name');
    await story.confirmed({ times: 2 });
    expect(await story.templates()).toEqual(nobody);
    await story.listing();
    await identity.service.clock.advance('PT1S');
    expect(await story.templates()).toEqual({ guest: ['booking-confirmed'], host: ['booking-confirmed'] });
    expect((await story.latest('guest', 'booking-confirmed')).text).toContain(TITLE);
  });
});

describe('whoever can not or must not be written to gets nothing', () => {
  it.each([
    ['suspended', `UPDATE user_account SET status = 'suspended' WHERE id = $1`],
    ['erased', `UPDATE user_account SET status = 'erased' WHERE id = $1`],
    ['not verified', 'UPDATE user_account SET email_verified_at = NULL WHERE id = $1'],
    ['imported', `UPDATE user_account SET email = id || '@imported.roost.invalid' WHERE id = $1`],
  ])('%s', async (_, statement) => {
    await identity.service.query(statement, [story.host.id]);
    await story.confirmed();
    await story.tell('booking.cancelled', 'cancelled', {
      by: 'admin',
      refundMinor: 0,
      refundLines: [],
      hostPenaltyMinor: 0,
    });
    expect((await story.templates()).guest).toEqual(['booking-cancelled', 'booking-confirmed']);
    const mails = await identity.service.query(
      'SELECT FROM mail JOIN user_account u ON u.email = recipient WHERE u.id = $1',
      [story.host.id],
    );
    expect(mails).toHaveLength(0);
    const told = await identity.service.query<{ outcome: string }>(
      'SELECT outcome FROM notification WHERE user_id = $1',
      [story.host.id],
    );
    expect(told.map(({ outcome }) => outcome)).toEqual(['unreachable', 'unreachable']);
  });

  it('somebody who is erased is not named to the other side', async () => {
    const name = await nameOf('guest');
    await identity.service.query(`UPDATE user_account SET status = 'erased' WHERE id = $1`, [story.guest.id]);
    await story.confirmed();
    const { subject, text } = await story.latest('host', 'booking-confirmed');
    expect(subject).toBe(`Your guest is coming to ${TITLE}`);
    expect(text).not.toContain(name);
  });
});

describe('what others have written stays text', () => {
  const title = `<script>alert('x')</script> & "loft"\r\nBcc: eve@example.com`;

  it('titles and names', async () => {
    await story.listing({ title });
    await identity.service.query('UPDATE user_account SET display_name = $1 WHERE id = $2', [
      '<img src=x onerror=alert(1)>',
      story.guest.id,
    ]);
    await story.confirmed();
    for (const side of ['guest', 'host'] as const) {
      const { html, subject } = await story.latest(side, 'booking-confirmed');
      expect(html).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;loft&quot;');
      expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
      expect(html).not.toMatch(/<script|<img/);
      expect(subject).not.toMatch(/[\r\n]/);
    }
  });

  it('no mail knows where exactly the place is, nor a link', async () => {
    await story.completed();
    await story.reviewed('guest_to_listing');
    for (const mail of [...(await story.mailsTo('guest')), ...(await story.mailsTo('host'))])
      expect(mail.html).not.toMatch(/href=|src=|https?:/);
  });
});

const nameOf = async (side: 'guest' | 'host') =>
  String((await identity.with(story[side].accessToken).get('/v1/me')).body.displayName);

const paymentFailed = () =>
  identity.service.deliver('payment.failed', {
    paymentId: randomUUID(),
    bookingId: story.facts.bookingId,
    changeId: null,
    guestId: story.guest.id,
    hostId: story.host.id,
    purpose: 'booking',
    status: 'failed',
    provider: 'sandbox',
    currency: 'USD',
    amountMinor: 123_456,
    authorizedMinor: 0,
    capturedMinor: 0,
    refundedMinor: 0,
    code: 'card_declined',
  });
