import type { AddressInfo } from 'node:net';
import { pino, type Logger } from 'pino';
import { Database } from './database.js';
import { IntentService } from './intent.service.js';
import { SandboxMetrics } from './metrics.js';
import { createServer } from './server.js';
import { WebhookSender } from './webhook-sender.js';

export { SandboxMetrics } from './metrics.js';

export interface SandboxOptions {
  host?: string;
  /** 0: any free port. */
  port: number;
  /** The sandbox's own database; created if it is missing. */
  databaseUrl: string;
  /** The recipient of webhooks. */
  webhookUrl: string;
  /** Signs webhooks. */
  webhookSecret: string;
  /** The address for the guest's browser; by default the server's own. */
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
  const metrics = new SandboxMetrics();
  const sender = new WebhookSender(
    database,
    { url: options.webhookUrl, secret: options.webhookSecret },
    (delivered) => metrics.countWebhook(delivered),
  );
  let publicUrl = options.publicUrl ?? '';
  const app = createServer({
    database,
    intents: new IntentService(() => publicUrl),
    metrics,
    logger,
    wakeSender: () => sender.wake(),
  });
  const host = options.host ?? '127.0.0.1';
  try {
    await app.listen({ port: options.port, host });
  } catch (error) {
    await app.close();
    await database.close();
    throw error;
  }
  const { port } = app.server.address() as AddressInfo;
  const url = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
  publicUrl = options.publicUrl ?? url;
  sender.start();
  return {
    url,
    port,
    close: async () => {
      await sender.stop();
      await app.close();
      await database.close();
    },
  };
}
