import { z } from 'zod';
import { cursorAt, type PageOf } from '@roost/http';
import { nameOf } from './names.js';

/** The arguments `first:` and `after:` of a connection. */
export const First = z
  .int()
  .min(1, { error: 'Must be a whole number from 1 to 100' })
  .max(100, { error: 'Must be a whole number from 1 to 100' })
  .default(20);
export const After = z
  .string()
  .max(1000, { error: 'Must be a cursor that this list returned' })
  .optional()
  .meta({ description: 'The `endCursor` of the previous page.' });

/** Both arguments of a connection, for `@Args`. */
export const PageArguments = { first: First, after: After };
export type PageArguments = { first: number; after: string | undefined };

/** Types that several services define. */
const shareable = new WeakSet<z.ZodType>();
export const isShareable = (schema: z.ZodType): boolean => shareable.has(schema);

export const PageInfo = z
  .object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() })
  .meta({ id: 'PageInfo' });
shareable.add(PageInfo);

type EdgeOf<N extends z.ZodType> = z.ZodObject<{ cursor: z.ZodNullable<z.ZodString>; node: N }>;
type ConnectionOf<N extends z.ZodType> = z.ZodObject<{
  edges: z.ZodArray<EdgeOf<N>>;
  pageInfo: typeof PageInfo;
}>;

const connections = new WeakMap<z.ZodType, z.ZodType>();

/** The schema of a Relay connection of a node: `BookingConnection { edges { cursor node } pageInfo }`. */
export function Connection<N extends z.ZodType>(node: N): ConnectionOf<N> {
  const existing = connections.get(node);
  if (existing) return existing as ConnectionOf<N>;
  const name = nameOf(node);
  if (!name) throw new Error('The node of a connection needs .meta({ id })');
  const edge = z.object({ cursor: z.string().nullable(), node }).meta({ id: `${name}Edge` });
  const connection = z.object({ edges: z.array(edge), pageInfo: PageInfo }).meta({ id: `${name}Connection` });
  connections.set(node, connection);
  return connection;
}

export interface ConnectionPage<T> {
  edges: { cursor: string | null; node: T }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** Converts a page of a list to a connection. */
export function toConnection<T>(page: PageOf<T>): ConnectionPage<T> {
  const { data, nextCursor } = page;
  return {
    edges: data.map((node, index) => ({ cursor: cursorAt(page, index), node })),
    pageInfo: { hasNextPage: nextCursor !== null, endCursor: cursorAt(page, data.length - 1) },
  };
}
