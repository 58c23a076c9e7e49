import { UsageError } from './command.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The value of an option that is the id of an event; null if it is not given. */
export function eventId(given: string | boolean | undefined): string | null {
  if (given === undefined) return null;
  if (!UUID.test(String(given))) throw new UsageError(`"${String(given)}" is not the id of an event.`);
  return String(given);
}
