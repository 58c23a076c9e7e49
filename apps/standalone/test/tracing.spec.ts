import { describeOneTrace } from './one-trace.js';

const found = describeOneTrace(async () => ({}));

test('has no send spans in one process: handler spans are children of the event span', () => {
  expect(found.spans.filter(({ name }) => name.startsWith('send '))).toEqual([]);
});
