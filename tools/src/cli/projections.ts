import { definitions } from '@roost/app-standalone/composition';
import type { ServiceName } from './system.js';

/** The tables that a service builds from each state topic. */
export async function projectionsOf(name: ServiceName): Promise<Readonly<Record<string, readonly string[]>>> {
  return (await definitions[name]()).projections ?? {};
}
