/**
 * The outcome of handling an event.
 * - `handled`: the handlers ran and committed.
 * - `known`: the event was handled before; nothing was done.
 * - `queued`: an earlier event of the key is a dead letter; this one is queued behind it.
 * - `ignored`: no handler of this service listens to its type.
 */
export type Outcome = 'handled' | 'known' | 'queued' | 'ignored';
