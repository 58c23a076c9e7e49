export interface ServerSentEvent {
  event: string;
  id: string;
  data: Record<string, unknown>;
}

/** A client of server-sent events. */
export class TestEventStream {
  private constructor(
    readonly response: Response,
    private readonly reader: ReadableStreamDefaultReader<string>,
    private readonly stop: AbortController,
  ) {}

  private text = '';

  /** Throws if the response is no stream of events. */
  static async open(url: string, headers: Record<string, string>): Promise<TestEventStream> {
    const stop = new AbortController();
    const response = await fetch(url, { headers, signal: stop.signal });
    if (response.status !== 200 || !response.body)
      throw new Error(`${url} responded ${response.status} ${await response.text()}`);
    return new TestEventStream(
      response,
      response.body.pipeThrough(new TextDecoderStream()).getReader(),
      stop,
    );
  }

  /** Waits for the next event; null when the stream has ended. Comments and `retry` are skipped. */
  async next(): Promise<ServerSentEvent | null> {
    for (;;) {
      const end = this.text.indexOf('\n\n');
      if (end < 0) {
        const { value, done } = await this.reader.read();
        if (done) return null;
        this.text += value;
        continue;
      }
      const block = this.text.slice(0, end);
      this.text = this.text.slice(end + 2);
      const fields = new Map(
        block.split('\n').map((line) => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon), line.slice(colon + 1).trimStart()] as const;
        }),
      );
      const data = fields.get('data');
      if (data === undefined) continue;
      return {
        event: fields.get('event') ?? 'message',
        id: fields.get('id') ?? '',
        data: JSON.parse(data) as Record<string, unknown>,
      };
    }
  }

  close(): void {
    this.stop.abort();
  }
}
