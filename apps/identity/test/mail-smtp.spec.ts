import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { eventually } from '@roost/testing';
import { MailDelivery } from '../src/mail/mail.delivery.js';
import { GOOD_PASSWORD, type Identity, someAddress, startIdentity } from './identity.js';

/** Speaks just enough SMTP to be handed a mail, and refuses recipients when told to. */
class MailServer {
  readonly received: { to: string; data: string }[] = [];
  refuses = false;
  /** Whom it has said no to. */
  readonly refused: string[] = [];
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
    const say = (line: string) => socket.write(`${line}\r\n`);
    say('220 test');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      buffer += chunk.toString();
      if (inData) {
        const end = buffer.indexOf('\r\n.\r\n');
        if (end < 0) return;
        this.received.push({ to, data: buffer.slice(0, end) });
        buffer = buffer.slice(end + 5);
        inData = false;
        say('250 taken');
      }
      for (let end = buffer.indexOf('\r\n'); end >= 0 && !inData; end = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        if (/^QUIT/i.test(line)) return void socket.end('221 bye\r\n');
        if (/^RCPT TO:/i.test(line)) {
          to = line.replace(/^.*<(.*)>.*$/, '$1');
          if (this.refuses) this.refused.push(to);
          say(this.refuses ? '451 not now' : '250 ok');
        } else if (/^DATA/i.test(line)) {
          inData = true;
          say('354 go on');
        } else say('250 ok');
      }
    });
  }
}

const server = new MailServer();
let identity: Identity;
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

it('sends a mail after the commit, in text and HTML, and keeps neither text nor token', async () => {
  const email = await identity.registered();
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
  expect((await identity.anyone.post('/v1/auth/verify-email', { token })).status).toBe(204);
});

it('tries again later, once, when the server says no', async () => {
  server.refuses = true;
  const email = await identity.registered();
  // A try is counted before it is made.
  await eventually(() => expect(server.refused).toContain(email));
  server.refuses = false;
  const delivery = identity.service.get(MailDelivery);
  await delivery.sendDue();
  expect(mailTo(email)).toHaveLength(0);
  await identity.service.query(`UPDATE mail SET next_attempt_at = next_attempt_at - interval '61 seconds'`);
  await Promise.all([delivery.sendDue(), delivery.sendDue()]);
  expect(mailTo(email)).toHaveLength(1);
  expect(await mailRow(email)).toMatchObject({ sent: true, attempts: 2 });
});

it('gives up after ten tries', async () => {
  server.refuses = true;
  const email = await identity.registered();
  await eventually(async () => expect((await mailRow(email))?.attempts).toBe(1));
  const delivery = identity.service.get(MailDelivery);
  for (let tries = 2; tries <= 12; tries++) {
    await identity.service.query(
      `UPDATE mail SET next_attempt_at = now() - interval '1 second' WHERE next_attempt_at IS NOT NULL`,
    );
    await delivery.sendDue();
  }
  server.refuses = false;
  expect(await mailRow(email)).toEqual({
    sent: false,
    waiting: false,
    attempts: 10,
    text: '',
    html: '',
    token: null,
  });
});

it('lets nobody write headers with their address or name', async () => {
  const email = someAddress();
  const displayName = 'Ada, Bcc: eve@example.com';
  await identity.anyone.post('/v1/auth/register', { email, displayName, password: GOOD_PASSWORD });
  await eventually(() => expect(mailTo(email)).toHaveLength(1));
  const headers = mailTo(email)[0]?.data.split('\r\n\r\n')[0] ?? '';
  expect(headers).not.toMatch(/^bcc:/im);
  expect(headers).toMatch(new RegExp(`^To: <?${email}>?\\r$`, 'm'));
});

it('does not start without an address to send to', async () => {
  await expect(startIdentity({ MAILER: 'smtp' })).rejects.toThrow(/SMTP_URL is missing/);
});
