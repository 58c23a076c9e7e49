import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { reservePort } from '@roost/testing';
import { portTaken } from '../src/index.js';
import { occupied } from './holding.js';

test('accepts a free port', async () => {
  expect(await portTaken(await reservePort())).toBeNull();
});

test('rejects a port on which another program listens', async () => {
  await occupied(async (port) => {
    expect(await portTaken(port)).toBe('another program is listening on it');
  });
});

test('waits for a port that an outgoing connection uses, and logs it', async () => {
  // The other end resets the connection when it is killed.
  const server = createServer((socket) => socket.resume().on('error', () => socket.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const port = await reservePort();
    const client = await connectedFrom(port, (server.address() as AddressInfo).port);
    const log: string[] = [];
    const taken = portTaken(port, {
      log: (line) => {
        log.push(line);
        client.kill();
      },
    });
    expect(await taken).toBeNull();
    expect(log).toEqual([
      `waiting for port ${port}: an outgoing connection uses it, for at most a minute after that has ended`,
    ]);
  } finally {
    server.close();
  }
});

/**
 * A process with one connection from one port to another, until it is killed. A connection of Node is not sufficient: it
 * may share an ephemeral port, and its explicit local port does not exclude other sockets. SO_LINGER 0 avoids TIME_WAIT.
 */
async function connectedFrom(port: number, to: number): Promise<ChildProcess> {
  const program = `
    socket(my $s, PF_INET, SOCK_STREAM, 0) or die $!;
    setsockopt($s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)) or die $!;
    bind($s, pack_sockaddr_in(${port}, INADDR_LOOPBACK)) or die $!;
    connect($s, pack_sockaddr_in(${to}, INADDR_LOOPBACK)) or die $!;
    syswrite(STDOUT, 'connected');
    sleep;`;
  const child = spawn('perl', ['-MSocket', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [word] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as unknown[];
  expect(String(word)).toBe('connected');
  return child;
}
