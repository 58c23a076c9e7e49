import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { text } from './intent.dto.js';

const IdParams = z.object({ id: text(100) });

/** The path parameter `id`. */
export const idOf = (request: FastifyRequest): string => IdParams.parse(request.params).id;

/** `key:value`; the value may contain colons. */
export function parseMetadata(metadata: string | undefined): Record<string, string> | undefined {
  if (metadata === undefined) return undefined;
  const colon = metadata.indexOf(':');
  return { [metadata.slice(0, colon)]: metadata.slice(colon + 1) };
}
