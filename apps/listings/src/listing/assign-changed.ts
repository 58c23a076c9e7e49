import { isDeepStrictEqual } from 'node:util';

/**
 * Assigns the defined fields that differ. Fields that are deeply equal stay untouched, because the ORM reports an
 * equal object with another key order as a change.
 */
export function assignChanged<T extends object>(
  target: T,
  fields: { [K in keyof T]?: T[K] | undefined },
): void {
  for (const name of Object.keys(fields) as (keyof T)[]) {
    const value = fields[name];
    if (value !== undefined && !isDeepStrictEqual(target[name], value)) target[name] = value as T[keyof T];
  }
}
