import type { z } from 'zod';
import { StartError } from '../config/read-config.js';
import type { RunningService, ServiceDefinition, StartOptions } from './definition.js';

export async function startService<C extends z.ZodObject>(
  definition: ServiceDefinition<C>,
  _options: StartOptions = {},
): Promise<RunningService> {
  throw new StartError(`${definition.name} can't start yet`);
}
