import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { eventually } from '@roost/testing';
import { MailDeliveryService } from '../src/mail/mail-delivery.service.js';
import { PASSWORD, type TestIdentity, uniqueAddress, startIdentity } from './identity.fixture.js';

/** A minimal SMTP server that receives mails, or rejects recipients while `rejects` is set. */
class MailServer {
  readonly received: { to: string; data: string }[] = [];
  rejects = false;
  /** The rejected recipients. */
  readonly rejected: string[] = [];
  #server: Server | null = null;

  async start(): Promise<string> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  #serve(socket: Socket): void {
    let buffer = '';
    let to = '';
    let inData = false;
    const reply = (line: string) => socket.write(`${line}\r\n`);
    reply('220 test');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      buffer += chunk.toString();
      if (inData) {
        const end = buffer.indexOf('\r\n.\r\n');
        if (end < 0) return;
        this.received.push({ to, data: buffer.slice(0, end) });
        buffer = buffer.slice(end + 5);
        inData = false;
        reply('250 accepted');
      }
      for (let end = buffer.indexOf('\r\n'); end >= 0 && !inData; end = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        if (/^QUIT/i.test(line)) return void socket.end('221 closing\r\n');
        if (/^RCPT TO:/i.test(line)) {
          to = line.replace(/^.*<(.*)>.*$/, '$1');
          if (this.rejects) this.rejected.push(to);
          reply(this.rejects ? '451 not now' : '250 ok');
        } else if (/^DATA/i.test(line)) {
          inData = true;
          reply('354 continue');
        } else reply('250 ok');
      }
    });
  }
}

const server = new MailServer();
let identity: TestIdentity;
beforeAll(async () => {
  identity = await startIdentity({ MAILER: 'smtp', SMTP_URL: await server.start() });
});
afterAll(async () => {
  await identity.close();
  await server.stop();
});

interface MailRow {
  sent: boolean;
  waiting: boolean;
  attempts: number;
  text: string;
  html: string;
  token: string | null;
}

async function mailRow(email: string): Promise<MailRow | undefined> {
  const [row] = await identity.service.query<MailRow>(
    `SELECT sent_at IS NOT NULL AS sent, next_attempt_at IS NOT NULL AS waiting, attempts, text, html, token
      FROM mail WHERE recipient = $1`,
    [email],
  );
  return row;
}

const mailTo = (email: string) => server.received.filter((mail) => mail.to === email);

it('sends a mail after the commit, as text and HTML, and stores neither text nor token', async () => {
  const email = await identity.register();
  await eventually(() => expect(mailTo(email)).toHaveLength(1));
  const data = mailTo(email)[0]?.data.replaceAll('=\r\n', '') ?? '';
  expect(data).toContain('Subject: Confirm your mail address');
  expect(data).toContain('multipart/alternative');
  const token = /^ {4}([\w-]{43})\r$/m.exec(data)?.[1];
  await eventually(async () =>
    expect(await mailRow(email)).toEqual({
      sent: true,
      waiting: false,
      attempts: 1,
      text: '',
      html: '',
      token: null,
    }),
  );
  expect((await identity.anonymous.post('/v1/auth/verify-email', { token })).status).toBe(204);
});

it('retries a rejected mail later, once', async () => {
  server.rejects = true;
  const email = await identity.register();
  // An attempt is counted before it starts.
  await eventually(() => expect(server.rejected).toContain(email));
  server.rejects = false;
  const delivery = identity.service.get(MailDeliveryService);
  await delivery.sendDue();
  expect(mailTo(email)).toHaveLength(0);
  await identity.service.query(`UPDATE mail SET next_attempt_at = next_attempt_at - interval '61 seconds'`);
  await Promise.all([delivery.sendDue(), delivery.sendDue()]);
  expect(mailTo(email)).toHaveLength(1);
  expect(await mailRow(email)).toMatchObject({ sent: true, attempts: 2 });
});

it('gives up after ten attempts', async () => {
  server.rejects = true;
  const email = await identity.register();
  await eventually(async () => expect((await mailRow(email))?.attempts).toBe(1));
  const delivery = identity.service.get(MailDeliveryService);
  for (let attempt = 2; attempt <= 12; attempt++) {
    await identity.service.query(
      `UPDATE mail SET next_attempt_at = now() - interval '1 second' WHERE next_attempt_at IS NOT NULL`,
    );
    await delivery.sendDue();
  }
  server.rejects = false;
  expect(await mailRow(email)).toEqual({
    sent: false,
    waiting: false,
    attempts: 10,
    text: '',
    html: '',
    token: null,
  });
});

it('keeps the texts of a mail that has no token, and sends it again for an administrator', async () => {
  const user = await identity.createUser();
  const admin = await identity.createUser({ roles: ['admin'] });
  server.rejects = true;
  // The address has an account, so that the mail has no token.
  await identity.anonymous.post('/v1/auth/register', {
    ...{ email: user.email, displayName: 'Ada', password: PASSWORD },
  });
  const given = async () =>
    (
      await identity.service.query<{ id: string; attempts: number; given_up: boolean; last_error: string }>(
        `SELECT id, attempts, given_up_at IS NOT NULL AS given_up, last_error FROM mail
         WHERE recipient = $1 AND template = 'already-registered'`,
        [user.email],
      )
    )[0];
  await eventually(async () => expect((await given())?.last_error).toBe('EENVELOPE 451'));
  await identity.service.query(
    `UPDATE mail SET next_attempt_at = now() - interval '1 second', attempts = 9 WHERE template = 'already-registered'`,
  );
  await identity.service.get(MailDeliveryService).sendDue();
  expect(await given()).toMatchObject({ attempts: 10, given_up: true });
  server.rejects = false;
  expect(mailTo(user.email).some(({ data }) => data.includes('already'))).toBe(false);
  const id = (await given())?.id ?? '';
  const response = await identity
    .with(admin.accessToken)
    .post(`/v1/admin/mails/${id}/retry`, { reason: 'Server repaired' });
  expect(response.status).toBe(202);
  await eventually(async () => expect(await given()).toMatchObject({ attempts: 1, given_up: false }));
  await eventually(() =>
    expect(mailTo(user.email).filter(({ data }) => data.includes('already'))).toHaveLength(1),
  );
});

it('does not let an address or name add headers', async () => {
  const email = uniqueAddress();
  const displayName = 'Ada, Bcc: eve@example.com';
  await identity.anonymous.post('/v1/auth/register', { email, displayName, password: PASSWORD });
  await eventually(() => expect(mailTo(email)).toHaveLength(1));
  const headers = mailTo(email)[0]?.data.split('\r\n\r\n')[0] ?? '';
  expect(headers).not.toMatch(/^bcc:/im);
  expect(headers).toMatch(new RegExp(`^To: <?${email}>?\\r$`, 'm'));
});

it('does not start without SMTP_URL', async () => {
  await expect(startIdentity({ MAILER: 'smtp' })).rejects.toThrow(/SMTP_URL is missing/);
});
