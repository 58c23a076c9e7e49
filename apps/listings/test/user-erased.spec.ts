import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { AccountEraser } from '@roost/accounts';
import { FileStore } from '@roost/platform';
import { eventually, golden, type TestService, type TestUser } from '@roost/testing';
import { DISPLAY } from '../src/listing/listing-photo.dto.js';
import { aHost, anAdmin, createCompleteDraft, createPublished, startListings } from './listings.fixture.js';

let service: TestService;
let host: TestUser;
beforeAll(async () => {
  service = await startListings();
});
beforeEach(() => {
  host = aHost();
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => service.close());

async function requestErasure(): Promise<void> {
  await service.deliver('user.erased', { ...golden('user.erased'), userId: host.id }, { version: 9 });
  await service.deliver('privacy.erasure-requested', { userId: host.id, requestId: randomUUID() });
}

const makeDue = () =>
  service.query(`UPDATE account_erasure SET due_at = now() - interval '1 second' WHERE user_id = $1`, [
    host.id,
  ]);

async function hasRun(run: 'first' | 'last'): Promise<void> {
  const done = run === 'first' ? 'last' : 'due_at IS NULL';
  await eventually(async () =>
    expect(
      await service.query(`SELECT 1 FROM account_erasure WHERE user_id = $1 AND ${done}`, [host.id]),
    ).toHaveLength(1),
  );
}

async function runLastErasure(): Promise<void> {
  await hasRun('first');
  await makeDue();
  await service.get(AccountEraser).eraseDue();
  await hasRun('last');
}

const archivedEvents = async (id: string) =>
  (await service.published('listing.archived')).filter(({ listingId }) => listingId === id);

test.each(['draft', 'published', 'suspended'] as const)(
  'a %s listing of an erased host is archived once, without texts, place and photos',
  async (status) => {
    const word = `xylophone ${host.id}`;
    const texts = { title: word, description: word, houseRules: word, registrationNumber: word.slice(0, 30) };
    const create = status === 'draft' ? createCompleteDraft : createPublished;
    const { id, photoId } = await create(service, host, texts);
    if (status === 'suspended')
      expect((await service.as(anAdmin()).post(`/v1/admin/listings/${id}/suspend`)).status).toBe(204);
    const user = { ...golden('user.profile-changed'), userId: host.id, displayName: word };
    await service.deliver('user.profile-changed', user, { version: 2 });
    expect(await service.tablesWith(word)).toContain('host_name');
    const file = () => service.get(FileStore).get(`photos/${photoId}/${DISPLAY}`);
    expect(await file()).not.toBeNull();
    await requestErasure();
    await runLastErasure();
    expect(await service.tablesWith(word)).toEqual([]);
    expect(await archivedEvents(id)).toMatchObject([
      { status: 'archived', title: '', city: null, coverUrl: null, pricing: null },
    ]);
    const [row] = await service.query(
      `SELECT status, address, lat, public_lat, photos, registration_number FROM listing WHERE id = $1`,
      [id],
    );
    expect(row).toEqual({
      ...{ status: 'archived', address: null, lat: null, public_lat: null },
      ...{ photos: [], registration_number: null },
    });
    expect(await file()).toBeNull();
    expect(await service.query('SELECT 1 FROM listing_search WHERE listing_id = $1', [id])).toEqual([]);
  },
);

test('an erasure is repeated while a photo can not be deleted', async () => {
  const { id } = await createPublished(service, host);
  const { id: other } = await createPublished(service, aHost());
  const failing = jest.spyOn(service.get(FileStore), 'delete').mockRejectedValue(new Error('unreachable'));
  await requestErasure();
  await eventually(async () =>
    expect(
      await service.query(
        `SELECT 1 FROM account_erasure WHERE user_id = $1 AND NOT last AND due_at > now() + interval '30 seconds'`,
        [host.id],
      ),
    ).toHaveLength(1),
  );
  expect(failing).toHaveBeenCalled();
  expect(await archivedEvents(id)).toEqual([]);
  failing.mockRestore();
  await makeDue();
  await service.get(AccountEraser).eraseDue();
  await runLastErasure();
  expect(await archivedEvents(id)).toHaveLength(1);
  expect((await service.anonymous.get(`/v1/listings/${other}`)).status).toBe(200);
});
