import { setImmediate } from 'node:timers/promises';
import { WorkSlots } from './work-slots.js';

const never = new AbortController().signal;

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
  const results = tasks.map(({ run }) => slots.run(run, never));
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
  const results = [slots.run(first.run, never), slots.run(second.run, never)];
  await expect(slots.run(() => Promise.resolve(), never)).rejects.toMatchObject({
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
  await expect(slots.run(() => Promise.reject(new Error('damaged')), never)).rejects.toThrow('damaged');
  expect(await slots.run(() => Promise.resolve('next'), never)).toBe('next');
});

test('does not start a task that is given up while it waits, and frees its place', async () => {
  const slots = new WorkSlots(1, 1);
  const started: string[] = [];
  const [first, second, third] = ['first', 'second', 'third'].map((name) => openTask(name, started)) as [
    ReturnType<typeof openTask>,
    ReturnType<typeof openTask>,
    ReturnType<typeof openTask>,
  ];
  const client = new AbortController();
  const running = slots.run(first.run, never);
  const waiting = slots.run(second.run, client.signal);
  client.abort(new Error('given up'));
  await expect(waiting).rejects.toThrow('given up');
  const next = slots.run(third.run, never);
  first.end();
  third.end();
  expect(await Promise.all([running, next])).toEqual(['first', 'third']);
  expect(started).toEqual(['first', 'third']);
});

test('does not start a task that was given up before, and one that runs is not affected', async () => {
  const slots = new WorkSlots(1, 0);
  const started: string[] = [];
  const [first, second] = [openTask('first', started), openTask('second', started)];
  const client = new AbortController();
  const running = slots.run(first.run, client.signal);
  await setImmediate();
  client.abort(new Error('given up'));
  await expect(slots.run(second.run, client.signal)).rejects.toThrow('given up');
  first.end();
  expect(await running).toBe('first');
  expect(started).toEqual(['first']);
});
