import { checkInReminderAt, reviewReminderAt, reviewWindowEnd } from './schedule.js';

/** Daylight saving time started in New York on 14 March 2027. */
const stay = {
  checkInDate: '2027-03-14',
  checkOutDate: '2027-03-16',
  timeZone: 'America/New_York',
  checkOutAt: new Date('2027-03-16T15:00:00Z'),
};

it('schedules reminders at nine in the local time of that day', () => {
  expect(checkInReminderAt(stay)).toEqual(new Date('2027-03-13T14:00:00Z'));
  expect(reviewReminderAt(stay)).toEqual(new Date('2027-03-17T13:00:00Z'));
});

it('counts the review window in local days of the place, as the reviews service does', () => {
  const beforeClockChange = { ...stay, checkOutAt: new Date('2027-03-10T16:00:00Z') };
  expect(reviewWindowEnd(beforeClockChange, 14)).toEqual(new Date('2027-03-24T15:00:00Z'));
});
