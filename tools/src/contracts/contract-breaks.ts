import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { breakingChanges, events, type Release } from '@roost/contracts';
import { apiBreaks } from './api-breaks.js';
import { acceptances, currentApi, lastReleasedApi } from './released-api.js';

export interface ContractBreaks {
  /** The release of the API that was compared. */
  version: string;
  events: string[];
  /** Breaks of REST and GraphQL that are not accepted. */
  api: string[];
  /** The number of accepted breaks. */
  accepted: number;
}

/** Compares the contracts of this checkout with the releases. */
export async function contractBreaks(): Promise<ContractBreaks> {
  const folder = fileURLToPath(new URL('../../../libs/contracts/released', import.meta.url));
  const releases = readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Release,
  );
  const released = lastReleasedApi();
  const all = apiBreaks(released, await currentApi());
  const accepted = new Set(acceptances().flatMap(({ breaks }) => breaks));
  const api = all.filter((text) => !accepted.has(text));
  return {
    version: released.version,
    events: releases.flatMap((release) => breakingChanges(release, events)),
    api,
    accepted: all.length - api.length,
  };
}
