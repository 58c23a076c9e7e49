import {
  isEditable,
  LISTING_ACTIONS,
  LISTING_STATUSES,
  type ListingAction,
  type ListingStatus,
  transition,
} from './listing-state.js';

// The rules: draft → published ⇄ paused → archived, plus suspend and reinstate.
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
    to: ALLOWED.find(([from, allowed]) => from === status && allowed === action)?.[2] ?? null,
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
  'restores the status %s when a suspension ends',
  (before) => {
    const suspended = transition({ status: before, statusBeforeSuspension: null }, 'suspend');
    expect(suspended).not.toBeNull();
    expect(suspended && transition(suspended, 'reinstate')).toEqual({
      status: before,
      statusBeforeSuspension: null,
    });
  },
);

test('allows no action and no edit on an archived listing', () => {
  for (const action of LISTING_ACTIONS) {
    expect(transition({ status: 'archived', statusBeforeSuspension: null }, action)).toBeNull();
  }
  expect(LISTING_STATUSES.filter((status) => !isEditable(status))).toEqual(['archived']);
});
