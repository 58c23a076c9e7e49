import { services } from '@roost/contracts';
import { eventually, type TestClient } from '@roost/testing';

const TIMEOUT = { seconds: 120 };

/** The downloaded file: sections of records by service. */
export type ExportFile = Record<(typeof services)[number], Record<string, Record<string, unknown>[]>>;

export interface ExportState {
  id: string;
  status: string;
  fileUrl: string | null;
  parts: { service: string; status: string }[];
}

export async function requestExport(user: TestClient): Promise<string> {
  const { status, body } = await user.post<ExportState>('/v1/me/exports');
  expect(status).toBe(202);
  return body.id;
}

export async function readExport(user: TestClient, id: string): Promise<ExportState> {
  const { status, body } = await user.get<ExportState>(`/v1/me/exports/${id}`);
  expect(status).toBe(200);
  return body;
}

/** Waits until the export is ready, and downloads its file. */
export async function downloadExport(user: TestClient, id: string): Promise<ExportFile> {
  const { fileUrl } = await eventually(async () => {
    const state = await readExport(user, id);
    expect(state.status).toBe('ready');
    return state;
  }, TIMEOUT);
  const response = await user.get<ExportFile>(new URL(fileUrl ?? '').pathname);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-disposition')).toContain('attachment');
  expect(Object.keys(response.body)).toEqual([...services]);
  return response.body;
}
