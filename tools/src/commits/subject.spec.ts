import { subjectFault } from './subject.js';

test.each([
  'Wait for topic metadata before reporting success',
  'Embed the sandbox',
  'Bring back the index',
  'Pass the clock to the sweeper',
  "Merge branch 'main'",
  'A'.repeat(72),
])('accepts %s', (subject) => {
  expect(subjectFault(subject)).toBeNull();
});

test.each([
  ['A'.repeat(73), 'has 73 characters'],
  ['wait for metadata', 'capital letter'],
  ['Wait for metadata.', 'full stop'],
  ['Added an index', 'imperative: "Added"'],
  ['Adding an index', 'imperative: "Adding"'],
  ['Adds an index', 'imperative: "Adds"'],
])('rejects %s', (subject, fault) => {
  expect(subjectFault(subject)).toContain(fault);
});
