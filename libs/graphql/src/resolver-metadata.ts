import 'reflect-metadata';
import type { z } from 'zod';

export interface ResolverField {
  kind: 'Query' | 'Mutation' | 'Edge';
  name: string;
  args: Record<string, z.ZodType>;
  returns: z.ZodType;
  description?: string;
  /** Asked once for all parents of a request. */
  batched: boolean;
}

/** What the decorators noted at a resolver class. */
export interface ResolverMetadata {
  entity: z.ZodType | null;
  fields: ResolverField[];
  /** The method that loads entities by their ids. */
  reference: string | null;
}

const KEY = 'roost:resolver';
const ARGUMENTS = 'roost:resolver-arguments';

type Constructor = abstract new (...args: never[]) => unknown;

/** Kept at the class itself: several containers in one process share no register. */
export function metadataOf(target: object): ResolverMetadata | undefined {
  return Reflect.getOwnMetadata(KEY, target) as ResolverMetadata | undefined;
}

export function noteAt(target: object): ResolverMetadata {
  const known = metadataOf(target);
  if (known) return known;
  const fresh: ResolverMetadata = { entity: null, fields: [], reference: null };
  Reflect.defineMetadata(KEY, fresh, target);
  return fresh;
}

/** Parameter decorators run before the one of their method, the last parameter first. */
export function noteArgument(target: object, method: string, name: string, schema: z.ZodType): void {
  Reflect.defineMetadata(ARGUMENTS, { [name]: schema, ...argumentsOf(target, method) }, target, method);
}

export function argumentsOf(target: object, method: string): Record<string, z.ZodType> {
  return (Reflect.getOwnMetadata(ARGUMENTS, target, method) ?? {}) as Record<string, z.ZodType>;
}

export type ResolverClass = Constructor;
