import { KeyedQueue } from './keyed-queue.js';

const overflow = () => new Error('too many');

function createGate() {
  let open = () => undefined as void;
  const gate = new Promise<void>((resolve) => (open = resolve));
  return { gate, open: () => open() };
}

it('runs the tasks of one key in order, one at a time, also after a task that fails', async () => {
  const queue = new KeyedQueue(10);
  const log: string[] = [];
  const task = (name: string) => async () => {
    log.push(`${name} starts`);
    await Promise.resolve();
    log.push(`${name} ends`);
    if (name === 'b') throw new Error('b failed');
    return name;
  };
  const results = await Promise.allSettled(
    ['a', 'b', 'c'].map((name) => queue.run('k', task(name), overflow)),
  );
  expect(log).toEqual(['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends']);
  expect(results.map((r) => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

it('does not delay the tasks of other keys', async () => {
  const queue = new KeyedQueue(10);
  const { gate, open } = createGate();
  const first = queue.run('a', () => gate, overflow);
  await expect(queue.run('b', async () => 'b', overflow)).resolves.toBe('b');
  open();
  await first;
});

it('rejects a task over the limit and accepts tasks again after earlier ones end', async () => {
  const queue = new KeyedQueue(2);
  const { gate, open } = createGate();
  const accepted = [queue.run('a', () => gate, overflow), queue.run('a', () => gate, overflow)];
  await expect(queue.run('a', () => gate, overflow)).rejects.toThrow('too many');
  open();
  await Promise.all(accepted);
  await expect(queue.run('a', async () => 'again', overflow)).resolves.toBe('again');
});
