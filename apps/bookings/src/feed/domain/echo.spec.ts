import type { DateRange } from '@roost/stay';
import { type EventState, stateOf } from './echo.js';

const june = (from: number, to: number): DateRange => ({ from: `2027-06-${from}`, to: `2027-06-${to}` });
const stays = [june(10, 14), june(14, 17), june(20, 24)];

test.each<[string, DateRange, EventState]>([
  ['nights of nobody', june(25, 28), 'blocking'],
  ['from the day that a stay ends', june(17, 20), 'blocking'],
  ['a stay', june(10, 14), 'echo'],
  ['a part of a stay', june(11, 13), 'echo'],
  ['two stays that touch, as one event', june(10, 17), 'echo'],
  ['a part of each of them', june(13, 15), 'echo'],
  ['one night more at the start', june(19, 24), 'clash'],
  ['one night more at the end', june(20, 25), 'clash'],
  ['from one stay to the next, over a free night', june(15, 21), 'clash'],
])('%s', (_, event, state) => expect(stateOf({ ...event, own: false }, stays, stays)).toBe(state));

test('nights that our export says beside a stay come back with it, and are news without it', () => {
  const ours = [...stays, june(18, 20), june(24, 25)];
  expect(stateOf({ ...june(18, 25), own: false }, stays, ours)).toBe('echo');
  expect(stateOf({ ...june(17, 25), own: false }, stays, ours)).toBe('clash');
  expect(stateOf({ ...june(18, 20), own: false }, stays, ours)).toBe('blocking');
});

test('our own UID is an echo, whatever has become of its stay', () => {
  expect(stateOf({ ...june(25, 28), own: true }, stays, stays)).toBe('echo');
  expect(stateOf({ ...june(20, 25), own: true }, stays, stays)).toBe('echo');
});
