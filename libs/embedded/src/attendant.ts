import { spawn } from 'node:child_process';

/**
 * A shell that waits for this process to die and then stops the part. It holds the reading end of a pipe that
 * only this process writes to, so not even kill -9 or a crash leaves a database behind.
 * It has a session of its own, like the part: Ctrl-C in a terminal must not reach either.
 */
const SCRIPT = `
alive() { kill -0 "$1" 2>/dev/null && ! grep -qs '^State:.Z' "/proc/$1/status"; }
read -r word
[ "$word" = done ] && exit 0
kill -"$2" "$1" 2>/dev/null
tries=0
while alive "$1" && [ $tries -lt 150 ]; do sleep 0.2; tries=$((tries + 1)); done
alive "$1" && kill -"$4" "$1" 2>/dev/null
[ -n "$3" ] && rm -rf -- "$3"
exit 0
`;

export interface Attendant {
  dismiss(): void;
}

export interface Attendance {
  signal: 'INT' | 'TERM';
  /** For a part that does not listen. */
  lastSignal: 'QUIT' | 'KILL';
  removeFolder?: string;
}

export function attend(pid: number, { signal, lastSignal, removeFolder }: Attendance): Attendant {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'sh', String(pid), signal, removeFolder ?? '', lastSignal], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  return { dismiss: () => shell.stdin.end('done\n') };
}
