import { randomUUID } from 'node:crypto';
import { golden } from '@roost/testing';
import { NotificationJobs } from '../src/notification/notification.jobs.js';
import { createScenario, type BookingScenario, TITLE } from './notification.fixture.js';
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

const noMails = { guest: [], host: [] };

describe('feed.problem-found mails the host', () => {
  it('once for each event, with the listing and the feed, and it can not be turned off', async () => {
    const { listingId } = scenario.facts;
    const feedId = randomUUID();
    const body = { feedId, listingId, hostId: scenario.host.id, problem: 'unreadable_dates' };
    await identity.service.deliver('feed.problem-found', body, { times: 2 });
    expect(await scenario.mailedTemplates()).toEqual({ guest: [], host: ['feed-problem-found'] });
    const { subject, text } = await scenario.latestMail('host', 'feed-problem-found');
    expect(subject).toBe(`A calendar that you import into ${TITLE} can't be read in full`);
    expect(text).toContain('Some of its dates are not readable.');
    expect(text).toContain(feedId);
    expect(text).not.toContain('turn off');
  });
});

describe('message.sent mails the recipient, without the text', () => {
  it('for a message about a booking', async () => {
    await scenario.confirm();
    await scenario.sendMessage('guest', {}, { times: 2 });
    await scenario.sendMessage('host');
    expect(await scenario.mailedTemplates()).toEqual({
      guest: ['message-received', 'booking-confirmed'],
      host: ['message-received', 'booking-confirmed'],
    });
    const { subject, text } = await scenario.latestMail('host', 'message-received');
    expect(subject).toBe(`${await scenario.nameOf('guest')} sent you a message about ${TITLE}`);
    expect(text).toContain(scenario.facts.bookingId);
    expect(text).toContain('turn off mails of this kind');
  });

  it('for a message about a listing without a booking', async () => {
    await scenario.sendMessage('guest', { bookingId: null, threadId: randomUUID() });
    expect(await scenario.mailedTemplates()).toEqual({ guest: [], host: ['message-received'] });
  });

  it('does not mail the host about a message before the booking is requested', async () => {
    await scenario.create();
    await scenario.sendMessage('guest');
    await scenario.request();
    expect(await scenario.mailedTemplates()).toEqual({ guest: [], host: ['booking-requested'] });
    await scenario.sendMessage('guest');
    expect((await scenario.mailedTemplates()).host).toEqual(['message-received', 'booking-requested']);
  });

  it('defers a message until the event of its booking arrives', async () => {
    await scenario.sendMessage('host');
    expect(await scenario.mailedTemplates()).toEqual(noMails);
    await scenario.create();
    await identity.service.clock.advance('PT1S');
    expect((await scenario.mailedTemplates()).guest).toEqual(['message-received']);
  });

  it('does not mail a user who has turned off message mails', async () => {
    await identity.with(scenario.host.accessToken).put('/v1/me/notification-settings', {
      checkInReminder: true,
      reviewReminder: true,
      reviewPublished: true,
      newMessage: false,
    });
    await scenario.confirm();
    await scenario.sendMessage('guest');
    expect((await scenario.mailedTemplates()).host).toEqual(['booking-confirmed']);
  });
});

describe('one event, one mail', () => {
  it('sends one mail for an event that is delivered twice', async () => {
    await scenario.confirm({ times: 2 });
    expect(await scenario.mailedTemplates()).toEqual({
      guest: ['booking-confirmed'],
      host: ['booking-confirmed'],
    });
  });

  it('sends one mail for a redelivered event after the inbox table was emptied', async () => {
    const ids = [randomUUID(), randomUUID()] as const;
    await scenario.create();
    for (const _ of [1, 2]) {
      for (const id of ids) await scenario.deliver('booking.expired', 'expired', { cause: 'hold' }, { id });
      await identity.service.query('TRUNCATE inbox_event');
    }
    expect((await scenario.mailedTemplates()).guest).toEqual(['booking-expired', 'booking-expired']);
  });

  it('deletes the facts of a mail after 30 days, and a redelivered event still sends no second one', async () => {
    const ids = [randomUUID(), randomUUID()] as const;
    const expire = (id: string) => scenario.deliver('booking.expired', 'expired', { cause: 'hold' }, { id });
    const emptied = () =>
      identity.service.query<{ eventId: string; emptied: boolean }>(
        `SELECT event_id AS "eventId", facts = '{}' AS emptied FROM notification WHERE event_id = ANY($1) ORDER BY 2`,
        [ids],
      );
    await scenario.create();
    for (const id of ids) await expire(id);
    await identity.service.query(
      "UPDATE notification SET processed_at = processed_at - interval '31 days' WHERE event_id = $1",
      [ids[0]],
    );
    await identity.service.get(NotificationJobs).clear();
    expect(await emptied()).toEqual([
      { eventId: ids[1], emptied: false },
      { eventId: ids[0], emptied: true },
    ]);
    await identity.service.query('TRUNCATE inbox_event');
    for (const id of ids) await expire(id);
    expect((await scenario.mailedTemplates()).guest).toEqual(['booking-expired', 'booking-expired']);
  });

  it('sends no mail again when the whole history of a stay is replayed', async () => {
    const { bookingId, listingId } = scenario.facts;
    const ids = new Map<string, string>();
    const once = (name: string) => {
      const id = ids.get(name) ?? randomUUID();
      ids.set(name, id);
      return { id, version: 100 + [...ids.keys()].indexOf(name) };
    };
    const terms = { checkInDate: '2027-06-11', checkInAt: '2027-06-11T19:00:00Z' };
    const history = async () => {
      await scenario.deliver('booking.created', 'pending_payment', {}, once('created'));
      await scenario.deliver('booking.confirmed', 'confirmed', { late: false }, once('confirmed'));
      await scenario.applyChange(
        { ...terms, checkOutDate: '2027-06-14', checkOutAt: '2027-06-14T15:00:00Z' },
        once('changed'),
      );
      await scenario.sendMessage('guest', { bookingId, listingId }, once('message'));
      await identity.service.clock.set('2027-06-10T13:00:01Z');
      await identity.service.clock.set('2027-06-14T15:00:00Z');
      await scenario.deliver('booking.completed', 'completed', terms, once('completed'));
      await identity.service.clock.set('2027-06-15T13:00:01Z');
      await scenario.publishReview('guest_to_listing', once('review'));
      await identity.service.deliver(
        'payout.paid',
        { ...golden('payout.paid'), hostId: scenario.host.id },
        once('payout'),
      );
    };
    await history();
    const mailed = await scenario.mailedTemplates();
    expect(mailed).toEqual({
      guest: ['review-reminder', 'check-in-reminder', 'booking-changed', 'booking-confirmed'],
      host: [
        'payout-paid',
        'review-published',
        'review-reminder',
        'message-received',
        'booking-changed',
        'booking-confirmed',
      ],
    });
    for (const at of ['2027-03-02T12:00:00Z', '2027-06-20T12:00:00Z']) {
      await identity.service.query('TRUNCATE inbox_event');
      await identity.service.clock.set(at);
      await history();
    }
    expect(await scenario.mailedTemplates()).toEqual(mailed);
  });

  it('defers a mail until the event of its listing arrives', async () => {
    await identity.service.query('TRUNCATE listing_name');
    await scenario.confirm({ times: 2 });
    expect(await scenario.mailedTemplates()).toEqual(noMails);
    await scenario.publishListing();
    await identity.service.clock.advance('PT1S');
    expect(await scenario.mailedTemplates()).toEqual({
      guest: ['booking-confirmed'],
      host: ['booking-confirmed'],
    });
    expect((await scenario.latestMail('guest', 'booking-confirmed')).text).toContain(TITLE);
  });
});

describe('unreachable and erased users', () => {
  it.each([
    ['suspended', `UPDATE user_account SET status = 'suspended' WHERE id = $1`],
    ['erased', `UPDATE user_account SET status = 'erased' WHERE id = $1`],
    ['not verified', 'UPDATE user_account SET email_verified_at = NULL WHERE id = $1'],
    ['imported', `UPDATE user_account SET email = id || '@imported.roost.invalid' WHERE id = $1`],
  ])('does not mail a user who is %s', async (_, statement) => {
    await identity.service.query(statement, [scenario.host.id]);
    await scenario.confirm();
    await scenario.deliver('booking.cancelled', 'cancelled', {
      by: 'admin',
      refundMinor: 0,
      refundLines: [],
      hostPenaltyMinor: 0,
    });
    expect((await scenario.mailedTemplates()).guest).toEqual(['booking-cancelled', 'booking-confirmed']);
    const mails = await identity.service.query(
      'SELECT FROM mail JOIN user_account u ON u.email = recipient WHERE u.id = $1',
      [scenario.host.id],
    );
    expect(mails).toHaveLength(0);
    const processed = await identity.service.query<{ outcome: string }>(
      'SELECT outcome FROM notification WHERE user_id = $1',
      [scenario.host.id],
    );
    expect(processed.map(({ outcome }) => outcome)).toEqual(['unreachable', 'unreachable']);
  });

  it('does not name an erased user to the other side', async () => {
    const name = await scenario.nameOf('guest');
    await identity.service.query(`UPDATE user_account SET status = 'erased' WHERE id = $1`, [
      scenario.guest.id,
    ]);
    await scenario.confirm();
    const { subject, text } = await scenario.latestMail('host', 'booking-confirmed');
    expect(subject).toBe(`Your guest booked ${TITLE}`);
    expect(text).not.toContain(name);
  });
});

describe('content of other users', () => {
  const title = `<script>alert('x')</script> & "loft"\r\nBcc: eve@example.com`;

  it('escapes titles and names', async () => {
    await scenario.publishListing({ title });
    await identity.service.query('UPDATE user_account SET display_name = $1 WHERE id = $2', [
      '<img src=x onerror=alert(1)>',
      scenario.guest.id,
    ]);
    await scenario.confirm();
    for (const side of ['guest', 'host'] as const) {
      const { html, subject } = await scenario.latestMail(side, 'booking-confirmed');
      expect(html).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;loft&quot;');
      expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
      expect(html).not.toMatch(/<script|<img/);
      expect(subject).not.toMatch(/[\r\n]/);
    }
  });

  it('sends no mail with a link', async () => {
    await scenario.complete();
    await scenario.publishReview('guest_to_listing');
    for (const mail of [...(await scenario.mailsTo('guest')), ...(await scenario.mailsTo('host'))])
      expect(mail.html).not.toMatch(/href=|src=|https?:/);
  });
});
