import type { AddressInfo } from 'node:net';
import { pino, type Logger } from 'pino';
import { Database } from './database.js';
import { Intents } from './intent.js';
import { buildServer } from './server.js';
import { Faults } from './switches.js';
import { WebhookSender } from './webhook.js';

export interface SandboxOptions {
  host?: string;
  /** 0 takes any free port. */
  port: number;
  /** Its own database; created when missing. */
  databaseUrl: string;
  /** Where webhooks go, and what they are signed with. */
  webhookUrl: string;
  webhookSecret: string;
  publicUrl?: string;
  logger?: Logger;
}

export interface RunningSandbox {
  url: string;
  port: number;
  close(): Promise<void>;
}

export async function startSandbox(options: SandboxOptions): Promise<RunningSandbox> {
  const logger = options.logger ?? pino({ level: 'silent' });
  const database = await Database.open(options.databaseUrl);
  let url = options.publicUrl ?? '';
  const { app, webhookSent } = buildServer({
    database,
    intents: new Intents(() => url),
    faults: new Faults(),
    logger,
    wake: () => sender.wake(),
  });
  const sender: WebhookSender = new WebhookSender(
    database,
    { url: options.webhookUrl, secret: options.webhookSecret },
    webhookSent,
  );
  const host = options.host ?? '127.0.0.1';
  try {
    await app.listen({ port: options.port, host });
  } catch (error) {
    await app.close();
    await database.close();
    throw error;
  }
  const { port } = app.server.address() as AddressInfo;
  const reachable = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
  url = options.publicUrl ?? reachable;
  sender.start();
  return {
    url: reachable,
    port,
    close: async () => {
      await sender.stop();
      await app.close();
      await database.close();
    },
  };
}
