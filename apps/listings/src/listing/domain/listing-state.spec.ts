import {
  isEditable,
  LISTING_ACTIONS,
  LISTING_STATUSES,
  type ListingAction,
  type ListingStatus,
  transition,
} from './listing-state.js';

// From DOMAIN.md §1, written out: draft → published ⇄ paused → archived, plus suspend and reinstate.
const ALLOWED: [ListingStatus, ListingAction, ListingStatus][] = [
  ['draft', 'publish', 'published'],
  ['draft', 'archive', 'archived'],
  ['draft', 'suspend', 'suspended'],
  ['published', 'pause', 'paused'],
  ['published', 'archive', 'archived'],
  ['published', 'suspend', 'suspended'],
  ['paused', 'publish', 'published'],
  ['paused', 'archive', 'archived'],
  ['paused', 'suspend', 'suspended'],
];

const MATRIX = LISTING_STATUSES.flatMap((status) =>
  LISTING_ACTIONS.map((action) => ({
    status,
    action,
    to: ALLOWED.find(([from, does]) => from === status && does === action)?.[2] ?? null,
  })),
).filter(({ status, action }) => !(status === 'suspended' && action === 'reinstate'));

test.each(MATRIX)('$status + $action → $to', ({ status, action, to }) => {
  const next = transition(
    { status, statusBeforeSuspension: status === 'suspended' ? 'paused' : null },
    action,
  );
  expect(next?.status ?? null).toBe(to);
  if (next !== null) expect(next.statusBeforeSuspension).toBe(to === 'suspended' ? status : null);
});

test.each(['draft', 'published', 'paused'] as const)(
  'a listing suspended while %s comes back as that',
  (before) => {
    const suspended = transition({ status: before, statusBeforeSuspension: null }, 'suspend');
    expect(suspended).not.toBeNull();
    expect(suspended && transition(suspended, 'reinstate')).toEqual({
      status: before,
      statusBeforeSuspension: null,
    });
  },
);

test('archived is the end: no action leads out of it and nothing is edited', () => {
  for (const action of LISTING_ACTIONS) {
    expect(transition({ status: 'archived', statusBeforeSuspension: null }, action)).toBeNull();
  }
  expect(LISTING_STATUSES.filter((status) => !isEditable(status))).toEqual(['archived']);
});
