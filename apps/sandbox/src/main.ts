import { pino } from 'pino';
import { readConfig } from './config.js';
import { startSandbox } from './service.js';

const logger = pino({ level: process.env.LOG_LEVEL ?? 'info', name: 'sandbox' });

try {
  const config = readConfig(process.env);
  const sandbox = await startSandbox({
    host: config.BIND_HOST,
    port: config.PORT,
    databaseUrl: config.DATABASE_URL,
    webhookUrl: config.SANDBOX_WEBHOOK_URL,
    webhookSecret: config.SANDBOX_WEBHOOK_SECRET,
    ...(config.SANDBOX_PUBLIC_URL ? { publicUrl: config.SANDBOX_PUBLIC_URL } : {}),
    logger,
  });
  logger.info({ url: sandbox.url }, 'sandbox provider is listening');
  const stop = () => {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    sandbox.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
} catch (error) {
  process.stderr.write(
    `The sandbox provider cannot start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
}
