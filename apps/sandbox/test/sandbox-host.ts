import { type RunningSandbox, type SandboxOptions, startSandbox } from '../src/service.js';

/** Starts a sandbox provider; the answer has its id and address. */
export interface StartSandboxMessage {
  id: string;
  start: Omit<SandboxOptions, 'logger'>;
}

export interface StopSandboxMessage {
  id: string;
  stop: true;
}

export interface SandboxStartedMessage {
  id: string;
  url?: string;
  error?: string;
}

/**
 * Runs the sandbox providers of several specs in one process, each with its own port and database: to load the program
 * takes longer than many specs. Ends with the process that has started it.
 */
const sandboxes = new Map<string, RunningSandbox>();

async function start({ id, start: options }: StartSandboxMessage): Promise<SandboxStartedMessage> {
  try {
    const sandbox = await startSandbox(options);
    sandboxes.set(id, sandbox);
    return { id, url: sandbox.url };
  } catch (error) {
    return { id, error: String(error) };
  }
}

process.on('message', async (message: StartSandboxMessage | StopSandboxMessage) => {
  if ('start' in message) {
    process.send?.(await start(message));
  } else {
    // Not awaited: a request that the provider leaves unanswered delays it.
    sandboxes
      .get(message.id)
      ?.close()
      .catch(() => undefined);
    sandboxes.delete(message.id);
  }
});
process.on('disconnect', () => process.exit(0));
