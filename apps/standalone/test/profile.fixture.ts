import { eventually, type TestClient } from '@roost/testing';

/** Adds a phone number to the account of `client`, with the code from the inbox of development. */
export async function verifyPhone(client: TestClient, anyone: TestClient, phone: string): Promise<void> {
  expect((await client.post('/v1/me/phone', { phone })).status).toBe(202);
  const code = await eventually(
    async () => {
      const { body } = await anyone.get<{ data: { token: string | null }[] }>(
        `/dev/inbox?to=${encodeURIComponent(phone)}`,
      );
      expect(body.data[0]?.token).toEqual(expect.any(String));
      return body.data[0]?.token;
    },
    { seconds: 60 },
  );
  expect((await client.post('/v1/me/phone/verify', { code })).status).toBe(200);
}

/** Gives the account of `client` an avatar, and returns the picture. */
export async function setAvatar(client: TestClient): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  const jpeg = await sharp({ create: { width: 640, height: 480, channels: 3, background: '#2e5e4e' } })
    .jpeg()
    .toBuffer();
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(jpeg)], { type: 'image/jpeg' }), 'a.jpg');
  expect((await client.put('/v1/me/avatar', form)).status).toBe(200);
  return jpeg;
}
