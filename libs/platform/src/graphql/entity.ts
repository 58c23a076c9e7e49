import { z } from 'zod';
import { Uuid } from '../shapes/pieces.js';

const foreign = new WeakSet<z.ZodType>();

export type EntityRef = z.ZodObject<{ id: typeof Uuid }>;

/**
 * An entity that another service owns, known here by its id: `const Listing = Foreign('Listing')`. What an edge
 * returns (`{ id }`), or what a resolver adds edges to.
 */
export function Foreign(name: string): EntityRef {
  const ref = z.object({ id: Uuid }).meta({ id: name });
  foreign.add(ref);
  return ref;
}

export const isForeign = (schema: z.ZodType): boolean => foreign.has(schema);
