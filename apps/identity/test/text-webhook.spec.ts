import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually, expectProblem } from '@roost/testing';
import { TextDeliveryService } from '../src/phone/text-delivery.service.js';
import { startIdentity, type TestAccount, type TestIdentity } from './identity.fixture.js';
import { enterCode, requestCode, uniquePhone } from './phone.fixture.js';

const SECRET = randomBytes(32).toString('base64');

/** The sender of an operator. It rejects messages while `status` is not 204. */
const received: { signature: string; body: string }[] = [];
let status = 204;
/** While it is set, the sender does not respond. */
let held: Promise<void> | null = null;
const sender = createServer((request: IncomingMessage, response) => {
  let body = '';
  request.on('data', (chunk) => (body += String(chunk)));
  request.on('end', () => {
    received.push({ signature: String(request.headers['roost-signature']), body });
    const respond = () => response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
    if (held) void held.then(respond);
    else respond();
  });
});

let identity: TestIdentity;
let ada: TestAccount;
let phone: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => sender.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(sender.address() as AddressInfo).port}/texts`;
  identity = await startIdentity({
    ...{ SMS_WEBHOOK_URL: url, SMS_WEBHOOK_SECRET: SECRET, SMS_COUNTRIES: 'US' },
  });
});
beforeEach(async () => {
  status = 204;
  ada = await identity.createUser();
  phone = uniquePhone();
});
afterAll(async () => {
  await identity.close();
  await new Promise((resolve) => sender.close(resolve));
});

interface Text {
  id: string;
  to: string;
  text: string;
}
const textsTo = (to: string) =>
  received.map(({ body }) => JSON.parse(body) as Text).filter((message) => message.to === to);

const row = async () =>
  (
    await identity.service.query<{ text: string; attempts: number; sent: boolean; givenUp: boolean }>(
      `SELECT text, attempts, sent_at IS NOT NULL AS sent, given_up_at IS NOT NULL AS "givenUp" FROM phone_code
        WHERE user_id = $1`,
      [ada.id],
    )
  )[0];

/** Makes the next attempt due. */
async function retry(): Promise<void> {
  await identity.service.query(
    `UPDATE phone_code SET next_attempt_at = now() - interval '1 second' WHERE next_attempt_at IS NOT NULL`,
  );
  await identity.service.get(TextDeliveryService).sendDue();
}

it('posts the signed message after the commit, and does not store its text', async () => {
  await requestCode(identity, ada, phone);
  await eventually(async () => expect(await row()).toMatchObject({ sent: true, text: '', attempts: 1 }));
  const [message] = textsTo(phone);
  expect(message).toEqual({
    id: expect.any(String) as string,
    to: phone,
    text: expect.any(String) as string,
  });
  const { signature, body } = received.find((each) => each.body.includes(phone)) ?? {
    signature: '',
    body: '',
  };
  const [, timestamp] = /^t=(\d+),v1=[\da-f]{64}$/.exec(signature) ?? [];
  expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60);
  const expected = createHmac('sha256', SECRET).update(`${timestamp}.${body}`).digest('hex');
  expect(signature).toBe(`t=${timestamp},v1=${expected}`);
  const code = /\d{6}/.exec(message?.text ?? '')?.[0];
  expect(await enterCode(identity, ada, code)).toMatchObject({ status: 200, body: { phone } });
});

it.each([500, 302])('retries a message after the status %d, with the same id', async (failure) => {
  status = failure;
  await requestCode(identity, ada, phone);
  await eventually(() => expect(textsTo(phone)).toHaveLength(1));
  status = 204;
  await eventually(async () => {
    await retry();
    expect(await row()).toMatchObject({ sent: true, attempts: 2 });
  });
  const [first, second] = textsTo(phone);
  expect(second).toEqual(first);
});

it('sends a message while the sender has not responded to another one', async () => {
  status = 500;
  const others = [uniquePhone(), uniquePhone()];
  for (const to of others) await requestCode(identity, await identity.createUser(), to);
  await eventually(() => expect(others.flatMap(textsTo)).toHaveLength(2));
  let release = (): void => undefined;
  held = new Promise((resolve) => (release = resolve));
  status = 204;
  const retried = retry();
  try {
    await eventually(() => expect(others.flatMap(textsTo)).toHaveLength(4));
  } finally {
    held = null;
    release();
    await retried;
  }
});

it('gives up after six attempts', async () => {
  status = 500;
  await requestCode(identity, ada, phone);
  await eventually(async () => {
    await retry();
    expect(await row()).toEqual({ text: '', attempts: 6, sent: false, givenUp: true });
  });
  expect(textsTo(phone)).toHaveLength(6);
});

it('does not send a code that has expired', async () => {
  status = 500;
  await requestCode(identity, ada, phone);
  await eventually(() => expect(textsTo(phone)).toHaveLength(1));
  status = 204;
  await identity.shiftTime(601);
  await eventually(async () => {
    await retry();
    expect(await row()).toMatchObject({ text: '', sent: false, givenUp: true });
  });
  expect(textsTo(phone)).toHaveLength(1);
});

describe('in production', () => {
  const production = {
    ROOST_ENV: 'production',
    MAILER: 'smtp',
    SMTP_URL: 'smtps://127.0.0.1:1',
    PUBLIC_URL: 'https://roost.example.com',
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };

  it('409 without a sender', async () => {
    const deployed = await startIdentity(production);
    try {
      const email = await deployed.register();
      await deployed.service.query('UPDATE user_account SET email_verified_at = now() WHERE email = $1', [
        email,
      ]);
      const { body } = await deployed.logIn(email, 'quiet harbour lamp');
      const response = await deployed.with(body.accessToken).post('/v1/me/phone', { phone });
      expectProblem(response, 409, 'phone.not_offered');
    } finally {
      await deployed.close();
    }
  });

  it.each([
    [
      'an address without encryption',
      { SMS_WEBHOOK_URL: 'http://sms.example.com' },
      /^SMS_WEBHOOK_URL .* https/,
    ],
    ['a sender without a secret', { SMS_WEBHOOK_SECRET: '' }, /^SMS_WEBHOOK_SECRET is missing/],
    [
      'a sender without countries',
      { SMS_COUNTRIES: '' },
      /^SMS_COUNTRIES is missing.*SMS_WEBHOOK_URL requires it/,
    ],
    ['an unknown country', { SMS_COUNTRIES: 'FR,XX' }, /^SMS_COUNTRIES/],
  ])('does not start with %s', async (_, env, sentence) => {
    const sending = {
      SMS_WEBHOOK_URL: 'https://sms.example.com',
      SMS_WEBHOOK_SECRET: SECRET,
      SMS_COUNTRIES: 'US',
    };
    await expect(startIdentity({ ...production, ...sending, ...env })).rejects.toThrow(sentence);
  });
});
