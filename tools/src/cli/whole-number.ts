import { UsageError } from './command.js';

/** The value of an option that is a whole number from 1 to `most`; null if it is not given. */
export function wholeNumber(
  option: string,
  given: string | boolean | undefined,
  most: number,
): number | null {
  if (given === undefined) return null;
  const number = Number(given);
  if (!Number.isInteger(number) || number < 1 || number > most)
    throw new UsageError(`--${option} must be a whole number from 1 to ${most}.`);
  return number;
}
