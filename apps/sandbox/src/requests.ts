import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { text } from './intent.dto.js';

const IdParams = z.object({ id: text(100) });

/** The path parameter `id`. */
export const idOf = (request: FastifyRequest): string => IdParams.parse(request.params).id;
