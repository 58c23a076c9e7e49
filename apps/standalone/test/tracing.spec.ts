import { describeOneTrace } from './one-trace.js';

const found = describeOneTrace(async () => ({}));

test('in one process nothing is sent: the handlers hang right under the event', () => {
  expect(found.spans.filter(({ name }) => name.startsWith('send '))).toEqual([]);
});
