import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { timeoutSignal } from './timer.js';
import { withTimeout } from './with-timeout.js';

/** Blocks the event loop, as the loading of modules does. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

describe('a time limit', () => {
  it('does not count the time in which the event loop is blocked', async () => {
    const child = spawn('true');
    const work = withTimeout(once(child, 'exit'), 400);
    block(600);
    await expect(work).resolves.toEqual([0, null]);
  });

  it('of a fetch does not count the time in which the event loop is blocked', async () => {
    const signal = timeoutSignal(400);
    block(600);
    await pause(50);
    expect(signal.aborted).toBe(false);
  });

  it('aborts with a TimeoutError', async () => {
    const signal = timeoutSignal(20);
    await once(signal, 'abort', { signal: AbortSignal.timeout(5_000) });
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });
});
