import 'reflect-metadata';
import type { z } from 'zod';

export interface ResolverField {
  kind: 'Query' | 'Mutation' | 'Edge';
  name: string;
  args: Record<string, z.ZodType>;
  returns: z.ZodType;
  description?: string;
  /** Resolved once for all parents of a request. */
  batched: boolean;
}

/** The metadata that the decorators store on a resolver class. */
export interface ResolverMetadata {
  entity: z.ZodType | null;
  fields: ResolverField[];
  /** The method that loads entities by their ids. */
  reference: string | null;
}

const KEY = 'roost:resolver';
const ARGUMENTS = 'roost:resolver-arguments';

/** Stored on the class: the containers of one process share no registry. */
export function metadataOf(target: object): ResolverMetadata | undefined {
  return Reflect.getOwnMetadata(KEY, target) as ResolverMetadata | undefined;
}

/** The metadata of a class, created on the first call. */
export function resolverMetadata(target: object): ResolverMetadata {
  const existing = metadataOf(target);
  if (existing) return existing;
  const created: ResolverMetadata = { entity: null, fields: [], reference: null };
  Reflect.defineMetadata(KEY, created, target);
  return created;
}

/** Parameter decorators run before the one of their method, the last parameter first. */
export function addArgument(target: object, method: string, name: string, schema: z.ZodType): void {
  Reflect.defineMetadata(ARGUMENTS, { [name]: schema, ...argumentsOf(target, method) }, target, method);
}

export function argumentsOf(target: object, method: string): Record<string, z.ZodType> {
  return (Reflect.getOwnMetadata(ARGUMENTS, target, method) ?? {}) as Record<string, z.ZodType>;
}
