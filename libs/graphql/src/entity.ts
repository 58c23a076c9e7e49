import { z } from 'zod';
import { Uuid } from '@roost/http';

/** A name and an id say all there is to say, so one object for each name will do. */
const foreign = new Map<string, EntityRef>();
const refs = new WeakSet<z.ZodType>();

export type EntityRef = z.ZodObject<{ id: typeof Uuid }>;

/**
 * An entity that another service owns, known here by its id: `const Listing = Foreign('Listing')`. What an edge
 * returns (`{ id }`), or what a resolver adds edges to.
 */
export function Foreign(name: string): EntityRef {
  const known = foreign.get(name);
  if (known) return known;
  const ref = z.object({ id: Uuid }).meta({ id: name });
  foreign.set(name, ref);
  refs.add(ref);
  return ref;
}

export const isForeign = (schema: z.ZodType): boolean => refs.has(schema);
