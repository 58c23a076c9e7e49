import { addDuration } from '@roost/stay';
import { UsageError } from './command.js';

const ISO_INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** The value of `--since`: an instant, or a duration before now. */
export function since(given: string): Date {
  const wrong = new UsageError('--since must be an instant (2027-05-01T13:00:00Z) or a duration (PT2H).');
  try {
    const at = ISO_INSTANT.test(given) ? new Date(given) : addDuration(new Date(), `-${given}`);
    if (Number.isNaN(at.getTime())) throw wrong;
    return at;
  } catch {
    throw wrong;
  }
}
