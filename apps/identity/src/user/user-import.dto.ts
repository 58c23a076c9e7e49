import { ExternalId, ImportBatch } from '@roost/http';
import { z } from 'zod';
import { DisplayName } from './user.dto.js';

export const ImportedHost = z
  .strictObject({ externalId: ExternalId, displayName: DisplayName })
  .meta({ id: 'ImportedHost' });
export type ImportedHost = z.output<typeof ImportedHost>;

export const ImportHosts = ImportBatch(ImportedHost).meta({ id: 'ImportHosts' });
export type ImportHosts = z.output<typeof ImportHosts>;
