import { spawn } from 'node:child_process';

/**
 * A shell that waits for the end of this process and then stops the server. It reads from a pipe that only this process
 * writes to, so that no server keeps running after kill -9 or a crash. It has a session of its own, like the server, so
 * that Ctrl-C in a terminal reaches neither.
 */
const SCRIPT = `
is_running() { kill -0 "$1" 2>/dev/null && ! grep -qs '^State:.Z' "/proc/$1/status"; }
read -r line
[ "$line" = done ] && exit 0
kill -"$2" "$1" 2>/dev/null
tries=0
while is_running "$1" && [ $tries -lt 150 ]; do sleep 0.2; tries=$((tries + 1)); done
is_running "$1" && kill -"$4" "$1" 2>/dev/null
[ -n "$3" ] && rm -rf -- "$3"
exit 0
`;

export interface Watchdog {
  stop(): void;
}

export interface WatchdogOptions {
  signal: 'INT' | 'TERM';
  /** Sent to a server that does not stop after `signal`, in 30 s. */
  lastSignal: 'QUIT' | 'KILL';
  removeFolder?: string;
}

/** Stops the process `pid` after the end of this process, until `stop()` is called. */
export function startWatchdog(pid: number, { signal, lastSignal, removeFolder }: WatchdogOptions): Watchdog {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'sh', String(pid), signal, removeFolder ?? '', lastSignal], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  return { stop: () => shell.stdin.end('done\n') };
}
