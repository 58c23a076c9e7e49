import { services } from '@roost/contracts';
import { Instant, Uuid } from '@roost/http';
import { z } from 'zod';
import { EXPORT_STATUSES, statusOf } from './domain/export-status.js';
import type { ExportRow } from './export-request.queries.js';

const ExportPart = z
  .object({ service: z.enum(services), status: z.enum(['pending', 'ready']) })
  .meta({ id: 'DataExportPart' });

export const DataExport = z
  .object({
    id: Uuid,
    status: z.enum(EXPORT_STATUSES).meta({
      description:
        'Failed: a service has not written its part within 3 days. Expired: the file is deleted. Request another one in both cases.',
    }),
    requestedAt: Instant,
    readyAt: Instant.nullable(),
    expiresAt: Instant.meta({ description: 'When the file is deleted: 7 days after the request.' }),
    parts: z.array(ExportPart),
    fileUrl: z.string().nullable().meta({
      description:
        'The file, while the export is ready. It requires the access token and a step-up within the last five minutes; the URL alone gives no access.',
    }),
  })
  .meta({ id: 'DataExport', description: 'An export of all data that Roost holds about a user' });
export type DataExport = z.output<typeof DataExport>;

export function toExportView(row: ExportRow, publicUrl: string, now: Date): DataExport {
  const status = statusOf(row, now);
  return {
    id: row.id,
    status,
    requestedAt: row.requestedAt.toISOString(),
    readyAt: row.readyAt?.toISOString() ?? null,
    expiresAt: row.expiresAt.toISOString(),
    parts: services.map((service) => ({
      service,
      status: row.completedBy.includes(service) ? 'ready' : 'pending',
    })),
    fileUrl: status === 'ready' ? `${publicUrl.replace(/\/$/, '')}/v1/me/exports/${row.id}/file` : null,
  };
}
