import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { AwsClient } from 'aws4fetch';
import { eventually } from './eventually.js';
import { goProgram } from './go-program.js';
import { reservePort, runFolder } from './parts.js';

const KEY = { accessKeyId: 'spec', secretAccessKey: 'only-for-specs' };
const REGION = 'us-east-1';
const PHOTOS = 'photos';

/** A running versitygw with an empty bucket for photos. */
export class S3Server {
  private readonly client = new AwsClient({ ...KEY, service: 's3', region: REGION, retries: 0 });

  private constructor(
    readonly url: string,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(): Promise<S3Server> {
    const folder = mkdtempSync(join(runFolder(), 's3-'));
    const [objects, metadata] = ['objects', 'metadata'].map((name) => join(folder, name)) as [string, string];
    for (const each of [objects, metadata]) mkdirSync(each);
    const port = await reservePort();
    const key = ['--access', KEY.accessKeyId, '--secret', KEY.secretAccessKey];
    const child = spawn(
      goProgram('versitygw'),
      // Not in extended attributes: not every file system has them.
      [...key, '--quiet', '--port', `127.0.0.1:${port}`, 'posix', '--sidecar', metadata, objects],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const stop = async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    };
    const server = new S3Server(`http://127.0.0.1:${port}`, stop);
    await eventually(() => server.createBucket(PHOTOS), { seconds: 60 });
    return server;
  }

  async createBucket(name: string): Promise<void> {
    await this.request('PUT', name);
  }

  /** The settings of a service that stores its files here. */
  get env(): Record<string, string> {
    return {
      FILE_STORE: 's3',
      S3_ENDPOINT: this.url,
      S3_BUCKET: PHOTOS,
      S3_ACCESS_KEY_ID: KEY.accessKeyId,
      S3_SECRET_ACCESS_KEY: KEY.secretAccessKey,
    };
  }

  /** The variables that the tools of AWS, and those that use its libraries, read. */
  get awsEnv(): Record<string, string> {
    return {
      AWS_ACCESS_KEY_ID: KEY.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey,
      AWS_DEFAULT_REGION: REGION,
    };
  }

  /** The keys of all photos. */
  async keys(): Promise<string[]> {
    const list = await this.request('GET', `${PHOTOS}?list-type=2`);
    return [...list.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key]) => key ?? '');
  }

  /** The bytes of all objects whose keys begin with the prefix. */
  async bytesIn(bucket: string, prefix: string): Promise<number> {
    const list = await this.request('GET', `${bucket}?list-type=2&prefix=${encodeURIComponent(prefix)}`);
    return [...list.matchAll(/<Size>(\d+)<\/Size>/g)].reduce((sum, [, size]) => sum + Number(size), 0);
  }

  private async request(method: string, path: string): Promise<string> {
    const response = await this.client.fetch(`${this.url}/${path}`, { method });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return await response.text();
  }
}
