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

const clock = () => identity.service.clock;
const cancelled = {
  by: 'guest' as const,
  refundMinor: 0,
  refundLines: [],
  hostPenaltyMinor: 0,
};
const countOf = async (side: 'guest' | 'host', template: string) =>
  (await story.templates())[side].filter((candidate) => candidate === template).length;

describe('check-in-reminder', () => {
  it('comes once, to the guest, at nine in the morning of the day before, as clocks are there', async () => {
    await story.confirmed();
    await clock().set('2027-06-09T12:59:00Z');
    expect(await countOf('guest', 'check-in-reminder')).toBe(0);
    await clock().set('2027-06-09T13:00:01Z');
    expect(await countOf('guest', 'check-in-reminder')).toBe(1);
    await clock().advance('PT1H');
    expect(await countOf('guest', 'check-in-reminder')).toBe(1);
    expect(await countOf('host', 'check-in-reminder')).toBe(0);
    const { subject, text } = await story.latest('guest', 'check-in-reminder');
    expect(subject).toBe(`Tomorrow you are at ${TITLE}`);
    expect(text).toMatch(/Check-in: +Thursday, June 10, 2027, from 15:00/);
    expect(text).toContain('turn mails of this kind off');
  });

  it('does not come for a stay that was cancelled', async () => {
    await story.confirmed();
    await story.tell('booking.cancelled', 'cancelled', cancelled);
    await clock().set('2027-06-09T14:00:00Z');
    expect(await countOf('guest', 'check-in-reminder')).toBe(0);
  });

  it('does not come after check-in, when the clock has jumped over it', async () => {
    await story.confirmed();
    await clock().set('2027-06-10T19:00:00Z');
    expect(await countOf('guest', 'check-in-reminder')).toBe(0);
  });

  it('does not come for a stay that was booked after its time', async () => {
    await clock().set('2027-06-09T18:00:00Z');
    await story.confirmed();
    await clock().advance('PT2H');
    expect(await story.templates()).toEqual({ guest: ['booking-confirmed'], host: ['booking-confirmed'] });
  });
});

describe('review-reminder', () => {
  it('comes to both the morning after, with the end of the window, and says nothing of the other side', async () => {
    await story.completed();
    expect(await countOf('guest', 'review-reminder')).toBe(0);
    await clock().set('2027-06-15T13:00:01Z');
    for (const side of ['guest', 'host'] as const) {
      expect(await countOf(side, 'review-reminder')).toBe(1);
      const { text } = await story.latest(side, 'review-reminder');
      expect(text).toMatch(/You can write until: +Monday, June 28, 2027, 11:00 \(America\/New_York\)/);
      expect(text).not.toMatch(/reviewed you|has reviewed|has written|waiting for you/);
    }
  });

  it('does not come when the reviews are out already', async () => {
    await story.completed();
    await story.reviewed('guest_to_listing');
    await story.reviewed('host_to_guest');
    await clock().set('2027-06-16T13:00:00Z');
    expect(await countOf('guest', 'review-reminder')).toBe(0);
    expect(await countOf('host', 'review-reminder')).toBe(0);
  });

  it('does not come when the window has closed', async () => {
    await story.completed();
    await clock().set('2027-06-28T15:00:00Z');
    expect(await countOf('guest', 'review-reminder')).toBe(0);
  });

  it('does not come to somebody who was suspended meanwhile', async () => {
    await story.completed();
    await identity.service.query(`UPDATE user_account SET status = 'suspended' WHERE id = $1`, [
      story.guest.id,
    ]);
    await clock().set('2027-06-16T13:00:00Z');
    expect(await countOf('guest', 'review-reminder')).toBe(0);
    expect(await countOf('host', 'review-reminder')).toBe(1);
  });
});
