import { setImmediate } from 'node:timers/promises';
import { WorkSlots } from './work-slots.js';

/** A task that runs until it is ended. */
function openTask(name: string, started: string[]) {
  let end = () => {};
  const result = new Promise<string>((resolve) => {
    end = () => resolve(name);
  });
  const run = () => {
    started.push(name);
    return result;
  };
  return { run, end: () => end() };
}

test('runs as many tasks as it has slots, and the others in their order', async () => {
  const slots = new WorkSlots(2, 2);
  const started: string[] = [];
  const names = ['a', 'b', 'c', 'd'];
  const tasks = names.map((name) => openTask(name, started));
  const results = tasks.map(({ run }) => slots.run(run));
  for (const [index, task] of tasks.entries()) {
    // Every task that can start has started.
    await setImmediate();
    expect(started).toEqual(names.slice(0, index + 2));
    task.end();
    await results[index];
  }
});

test('rejects a task while as many as allowed are waiting', async () => {
  const slots = new WorkSlots(1, 1);
  const started: string[] = [];
  const [first, second] = [openTask('first', started), openTask('second', started)];
  const results = [slots.run(first.run), slots.run(second.run)];
  await expect(slots.run(() => Promise.resolve())).rejects.toMatchObject({
    code: 'service.unavailable',
    headers: { 'retry-after': '2' },
  });
  expect(started).toEqual(['first']);
  first.end();
  second.end();
  expect(await Promise.all(results)).toEqual(['first', 'second']);
});

test('frees the slot of a task that fails', async () => {
  const slots = new WorkSlots(1, 0);
  await expect(slots.run(() => Promise.reject(new Error('damaged')))).rejects.toThrow('damaged');
  expect(await slots.run(() => Promise.resolve('next'))).toBe('next');
});
