import { getEventListeners } from 'node:events';
import { TimeoutError, withTimeout } from './with-timeout.js';

const never = new Promise<never>(() => undefined);

describe('withTimeout', () => {
  it('returns the result of work that finishes in time', async () => {
    await expect(withTimeout(Promise.resolve(7), 10_000)).resolves.toBe(7);
  });

  it('rejects with the error of work that fails in time', async () => {
    await expect(withTimeout(Promise.reject(new Error('broken')), 10_000)).rejects.toThrow('broken');
  });

  it('rejects with a TimeoutError after the time limit', async () => {
    const from = performance.now();
    await expect(withTimeout(never, 30)).rejects.toThrow(new TimeoutError(30));
    expect(performance.now() - from).toBeGreaterThanOrEqual(28);
  });

  it('ignores an error that comes after the time limit', async () => {
    const unhandled: unknown[] = [];
    const record = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', record);
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<never>((_, reject) => (fail = reject));
    await expect(withTimeout(work, 5)).rejects.toBeInstanceOf(TimeoutError);
    fail(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', record);
    expect(unhandled).toEqual([]);
  });

  it('rejects with the reason of the signal', async () => {
    const controller = new AbortController();
    const result = withTimeout(never, controller.signal);
    controller.abort(new Error('stopped'));
    await expect(result).rejects.toThrow('stopped');
  });

  it('rejects at once when the signal is already aborted', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(withTimeout(Promise.resolve(7), signal)).rejects.toThrow('stopped');
  });

  it('leaves no timer and no listener behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await withTimeout(Promise.resolve(), 60_000);
    expect(timers()).toBe(before);
    const { signal } = new AbortController();
    await withTimeout(Promise.resolve(), signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
