import { StartError } from '@roost/platform';

/** Narrows the type of a setting that PAYMENT_PROVIDERS requires. The start has checked it (`requiredSettings`). */
export function requiredSetting<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw new StartError(`${name} is missing (PAYMENT_PROVIDERS requires it).`);
  return value;
}
