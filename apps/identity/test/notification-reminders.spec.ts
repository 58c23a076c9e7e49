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

const clock = () => identity.service.clock;
const cancelled = {
  by: 'guest' as const,
  refundMinor: 0,
  refundLines: [],
  hostPenaltyMinor: 0,
};
const countOf = async (side: 'guest' | 'host', template: string) =>
  (await scenario.mailedTemplates())[side].filter((candidate) => candidate === template).length;

describe('check-in-reminder', () => {
  it('is sent once, to the guest, at nine in the local morning of the day before', async () => {
    await scenario.confirm();
    await clock().set('2027-06-09T12:59:00Z');
    expect(await countOf('guest', 'check-in-reminder')).toBe(0);
    await clock().set('2027-06-09T13:00:01Z');
    expect(await countOf('guest', 'check-in-reminder')).toBe(1);
    await clock().advance('PT1H');
    expect(await countOf('guest', 'check-in-reminder')).toBe(1);
    expect(await countOf('host', 'check-in-reminder')).toBe(0);
    const { subject, text } = await scenario.latestMail('guest', 'check-in-reminder');
    expect(subject).toBe(`Your stay at ${TITLE} starts tomorrow`);
    expect(text).toMatch(/Check-in: +Thursday, June 10, 2027, from 15:00/);
    expect(text).toContain('turn off mails of this kind');
  });

  it.each([
    ['earlier', '2027-05-20', '2027-05-19', '2027-06-09'],
    ['later', '2027-07-01', '2027-06-30', '2027-06-09'],
  ])('moves with a stay that is moved to an %s date', async (_, checkInDate, dayBefore, formerDay) => {
    await scenario.confirm();
    await scenario.applyChange({ checkInDate, checkInAt: `${checkInDate}T19:00:00Z` });
    const due = `${dayBefore}T13:00:01Z`;
    const former = `${formerDay}T13:00:01Z`;
    const counts: Record<string, number> = {};
    for (const at of [due, former].toSorted()) {
      await clock().set(at);
      counts[at] = await countOf('guest', 'check-in-reminder');
    }
    expect(counts).toEqual({ [due]: 1, [former]: former < due ? 0 : 1 });
  });

  it('is not sent for a cancelled stay', async () => {
    await scenario.confirm();
    await scenario.deliver('booking.cancelled', 'cancelled', cancelled);
    await clock().set('2027-06-09T14:00:00Z');
    expect(await countOf('guest', 'check-in-reminder')).toBe(0);
  });

  it('is not sent after check-in if the clock has skipped its time', async () => {
    await scenario.confirm();
    await clock().set('2027-06-10T19:00:00Z');
    expect(await countOf('guest', 'check-in-reminder')).toBe(0);
  });

  it('is not sent for a stay that was booked after its time', async () => {
    await clock().set('2027-06-09T18:00:00Z');
    await scenario.confirm();
    await clock().advance('PT2H');
    expect(await scenario.mailedTemplates()).toEqual({
      guest: ['booking-confirmed'],
      host: ['booking-confirmed'],
    });
  });
});

describe('review-reminder', () => {
  it('is sent to both sides the morning after, with the end of the window and without the state of the other review', async () => {
    await scenario.complete();
    expect(await countOf('guest', 'review-reminder')).toBe(0);
    await clock().set('2027-06-15T13:00:01Z');
    for (const side of ['guest', 'host'] as const) {
      expect(await countOf(side, 'review-reminder')).toBe(1);
      const { text } = await scenario.latestMail(side, 'review-reminder');
      expect(text).toMatch(/Review by: +Monday, June 28, 2027, 11:00 \(America\/New_York\)/);
      expect(text).not.toMatch(/reviewed (you|your)|has (reviewed|written|submitted)|waiting for you/);
    }
  });

  it('moves with the check-out of a stay that is prolonged', async () => {
    await scenario.confirm();
    const longer = { checkOutDate: '2027-06-20', checkOutAt: '2027-06-20T15:00:00Z' };
    await scenario.applyChange(longer);
    await clock().set(longer.checkOutAt);
    await scenario.deliver('booking.completed', 'completed', longer);
    await clock().set('2027-06-21T12:59:00Z');
    expect(await countOf('guest', 'review-reminder')).toBe(0);
    await clock().set('2027-06-21T13:00:01Z');
    expect(await countOf('guest', 'review-reminder')).toBe(1);
    expect((await scenario.latestMail('guest', 'review-reminder')).text).toMatch(
      /Review by: +Sunday, July 4, 2027, 11:00/,
    );
  });

  it('is not sent after both reviews are published', async () => {
    await scenario.complete();
    await scenario.publishReview('guest_to_listing');
    await scenario.publishReview('host_to_guest');
    await clock().set('2027-06-16T13:00:00Z');
    expect(await countOf('guest', 'review-reminder')).toBe(0);
    expect(await countOf('host', 'review-reminder')).toBe(0);
  });

  it('is not sent after the review window has closed', async () => {
    await scenario.complete();
    await clock().set('2027-06-28T15:00:00Z');
    expect(await countOf('guest', 'review-reminder')).toBe(0);
  });

  it('is not sent to a user who was suspended after the stay', async () => {
    await scenario.complete();
    await identity.service.query(`UPDATE user_account SET status = 'suspended' WHERE id = $1`, [
      scenario.guest.id,
    ]);
    await clock().set('2027-06-16T13:00:00Z');
    expect(await countOf('guest', 'review-reminder')).toBe(0);
    expect(await countOf('host', 'review-reminder')).toBe(1);
  });
});
