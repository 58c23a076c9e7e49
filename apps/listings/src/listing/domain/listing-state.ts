export const LISTING_STATUSES = ['draft', 'published', 'paused', 'archived', 'suspended'] as const;
export type ListingStatus = (typeof LISTING_STATUSES)[number];

export const LISTING_ACTIONS = ['publish', 'pause', 'archive', 'suspend', 'reinstate'] as const;
export type ListingAction = (typeof LISTING_ACTIONS)[number];

/** `previous` is the status before the suspension. */
const TRANSITIONS: Record<ListingAction, Partial<Record<ListingStatus, ListingStatus | 'previous'>>> = {
  publish: { draft: 'published', paused: 'published' },
  pause: { published: 'paused' },
  archive: { draft: 'archived', published: 'archived', paused: 'archived' },
  suspend: { draft: 'suspended', published: 'suspended', paused: 'suspended' },
  reinstate: { suspended: 'previous' },
};

export interface ListingState {
  readonly status: ListingStatus;
  readonly statusBeforeSuspension: ListingStatus | null;
}

/** The state after `action`, or null if the action is not allowed in this state. */
export function transition(state: ListingState, action: ListingAction): ListingState | null {
  const to = TRANSITIONS[action][state.status];
  if (to === undefined) return null;
  if (to === 'previous') {
    return state.statusBeforeSuspension === null
      ? null
      : { status: state.statusBeforeSuspension, statusBeforeSuspension: null };
  }
  return { status: to, statusBeforeSuspension: to === 'suspended' ? state.status : null };
}

/** Whether the listing can be changed: not after it is archived. */
export function isEditable(status: ListingStatus): boolean {
  return status !== 'archived';
}
