import { checkInReminderAt, reviewReminderAt, reviewWindowEnd } from './schedule.js';

/** Clocks in New York went forward on 14 March 2027. */
const stay = {
  checkInDate: '2027-03-14',
  checkOutDate: '2027-03-16',
  timeZone: 'America/New_York',
  checkOutAt: new Date('2027-03-16T15:00:00Z'),
};

it('reminders come at nine, as clocks are on that day', () => {
  expect(checkInReminderAt(stay)).toEqual(new Date('2027-03-13T14:00:00Z'));
  expect(reviewReminderAt(stay)).toEqual(new Date('2027-03-17T13:00:00Z'));
});

it('the window of reviews is counted in days of the place, as reviews counts it', () => {
  const before = { ...stay, checkOutAt: new Date('2027-03-10T16:00:00Z') };
  expect(reviewWindowEnd(before, 14)).toEqual(new Date('2027-03-24T15:00:00Z'));
});
