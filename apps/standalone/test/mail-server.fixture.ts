import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server, type TLSSocket } from 'node:tls';

/** A mail server with TLS, as production requires it. A process trusts it with `NODE_EXTRA_CA_CERTS=certificateFile`. */
export class SecureMailServer {
  readonly certificateFile: string;
  private readonly keyFile: string;
  private readonly received: { to: string; text: string }[] = [];
  private server: Server | null = null;

  constructor(folder: string) {
    this.certificateFile = join(folder, 'certificate.pem');
    this.keyFile = join(folder, 'key.pem');
  }

  /** Returns the value of SMTP_URL. */
  async start(): Promise<string> {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
        ...['-addext', 'subjectAltName=DNS:localhost'],
        ...['-keyout', this.keyFile, '-out', this.certificateFile],
      ],
      { stdio: 'ignore' },
    );
    const keys = { key: readFileSync(this.keyFile), cert: readFileSync(this.certificateFile) };
    const server = createServer(keys, (socket) => this.serve(socket));
    this.server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `smtps://localhost:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => (this.server ? this.server.close(resolve) : resolve(undefined)));
  }

  /** The text of the newest mail to an address. */
  newestTo(to: string): string | undefined {
    return this.received.findLast((mail) => mail.to === to)?.text;
  }

  private serve(socket: TLSSocket): void {
    let buffer = '';
    let to = '';
    let inData = false;
    const reply = (line: string) => socket.write(`${line}\r\n`);
    reply('220 test');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      buffer += chunk.toString();
      for (;;) {
        const mark = inData ? '\r\n.\r\n' : '\r\n';
        const end = buffer.indexOf(mark);
        if (end < 0) return;
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + mark.length);
        if (inData) {
          this.received.push({ to, text: decoded(line) });
          inData = false;
          reply('250 accepted');
        } else if (/^QUIT/i.test(line)) return void socket.end('221 closing\r\n');
        else if (/^DATA/i.test(line)) {
          inData = true;
          reply('354 continue');
        } else {
          to = /^RCPT TO:.*<(.*)>/i.exec(line)?.[1] ?? to;
          reply('250 ok');
        }
      }
    });
  }
}

/** The text of quoted-printable. */
const decoded = (text: string) =>
  text
    .replaceAll('=\r\n', '')
    .replaceAll(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
