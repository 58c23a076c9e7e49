/** What a collector reads of OTLP: written after the protocol's definition, with nothing of the library that sends it. */
export interface CollectedSpan {
  service: string;
  resource: Record<string, unknown>;
  traceId: string;
  spanId: string;
  /** Empty for the first span of a trace. */
  parentSpanId: string;
  traceState: string;
  name: string;
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  startNanos: bigint;
  endNanos: bigint;
  attributes: Record<string, unknown>;
  events: number;
  failed: boolean;
  /** Of the status. */
  message: string;
}

type Field = bigint | Uint8Array;
type Message = ReadonlyMap<number, Field[]>;

const KINDS = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const ERROR = 2n;

export function readTraces(bytes: Uint8Array): CollectedSpan[] {
  return messages(read(bytes), 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messages(resourceSpans, 1)[0] ?? new Map(), 1);
    return messages(resourceSpans, 2)
      .flatMap((scopeSpans) => messages(scopeSpans, 2))
      .map((span) => spanOf(span, resource));
  });
}

function spanOf(span: Message, resource: Record<string, unknown>): CollectedSpan {
  const status = messages(span, 15)[0];
  return {
    service: String(resource['service.name']),
    resource,
    traceId: hex(span, 1),
    spanId: hex(span, 2),
    traceState: text(span, 3),
    parentSpanId: hex(span, 4),
    name: text(span, 5),
    kind: KINDS[Number(number(span, 6))] ?? 'internal',
    startNanos: number(span, 7),
    endNanos: number(span, 8),
    attributes: attributesOf(span, 9),
    events: messages(span, 11).length,
    failed: status !== undefined && number(status, 3) === ERROR,
    message: status ? text(status, 2) : '',
  };
}

function attributesOf(message: Message, field: number): Record<string, unknown> {
  return Object.fromEntries(
    messages(message, field).map((pair) => [text(pair, 1), valueOf(messages(pair, 2)[0] ?? new Map())]),
  );
}

function valueOf(value: Message): unknown {
  if (value.has(1)) return text(value, 1);
  if (value.has(2)) return number(value, 2) === 1n;
  if (value.has(3)) return Number(BigInt.asIntN(64, number(value, 3)));
  if (value.has(4)) return double(number(value, 4));
  return null;
}

function double(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

const messages = (message: Message, field: number): Message[] =>
  (message.get(field) ?? []).map((bytes) => read(bytes as Uint8Array));
const bytesOf = (message: Message, field: number) =>
  Buffer.from((message.get(field)?.[0] ?? []) as Uint8Array);
const hex = (message: Message, field: number) => bytesOf(message, field).toString('hex');
const text = (message: Message, field: number) => bytesOf(message, field).toString();
const number = (message: Message, field: number) => (message.get(field)?.[0] ?? 0n) as bigint;

/** The wire format of protocol buffers: a key (number and kind), then a number or bytes. */
function read(bytes: Uint8Array): Message {
  const fields = new Map<number, Field[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const field = (wire: number): Field => {
    switch (wire) {
      case 0:
        return varint();
      case 1:
        at += 8;
        return view.getBigUint64(at - 8, true);
      case 2: {
        const length = Number(varint());
        at += length;
        return bytes.subarray(at - length, at);
      }
      case 5:
        at += 4;
        return BigInt(view.getUint32(at - 4, true));
      default:
        throw new Error(`no such wire type: ${wire}`);
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const value = field(key & 7);
    const known = fields.get(key >>> 3);
    if (known) known.push(value);
    else fields.set(key >>> 3, [value]);
  }
  return fields;
}
