import { z } from 'zod';
import { Uuid } from '@roost/http';

/** One schema per name: its content depends on the name only. */
const byName = new Map<string, EntityRef>();
const refs = new WeakSet<z.ZodType>();

export type EntityRef = z.ZodObject<{ id: typeof Uuid }>;

/**
 * An entity of another service, referenced by its id: `const Listing = Foreign('Listing')`. An edge returns it (`{ id }`),
 * or a resolver adds fields to it.
 */
export function ExternalEntity(name: string): EntityRef {
  const existing = byName.get(name);
  if (existing) return existing;
  const ref = z.object({ id: Uuid }).meta({ id: name });
  byName.set(name, ref);
  refs.add(ref);
  return ref;
}

export const isExternalEntity = (schema: z.ZodType): boolean => refs.has(schema);
