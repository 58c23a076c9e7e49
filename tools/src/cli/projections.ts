import { definitions } from '@roost/app-standalone/composition';
import type { ServiceName } from './system.js';

/** Which tables a service builds of which state topic. */
export async function projectionsOf(name: ServiceName): Promise<Readonly<Record<string, readonly string[]>>> {
  return (await definitions[name]()).projections ?? {};
}
