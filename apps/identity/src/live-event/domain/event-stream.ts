/** How long an event can be resumed from. */
export const RETENTION_HOURS = 24;

/** The events up to `sequence` were sent; events that are newer than `at` come after it. */
export interface StreamPosition {
  sequence: number;
  at: Date;
}

export interface StreamEvent {
  event: string;
  position: StreamPosition;
  data: object;
}

/** The `id` of an event: the client sends the last one back as `Last-Event-ID`. */
export const positionId = ({ sequence, at }: StreamPosition): string =>
  `${sequence}-${Math.floor(at.getTime() / 1000)}`;

/** The position of a `Last-Event-ID`. Null if it is none, or if events after it may have been deleted. */
export function resumablePosition(id: string, now: Date): StreamPosition | null {
  const [, sequence, seconds] = /^(\d{1,15})-(\d{1,11})$/.exec(id) ?? [];
  if (sequence === undefined || seconds === undefined) return null;
  const at = new Date(Number(seconds) * 1000);
  const oldest = now.getTime() - RETENTION_HOURS * 60 * 60 * 1000;
  return at.getTime() > oldest ? { sequence: Number(sequence), at } : null;
}

/** An event in the format of server-sent events (HTML Living Standard, 9.2.5). JSON has no line breaks. */
export const formatEvent = ({ event, position, data }: StreamEvent): string =>
  `event: ${event}\nid: ${positionId(position)}\ndata: ${JSON.stringify(data)}\n\n`;

/** Only a position, which the client keeps as its last id. It also shows that the connection works. */
export const formatPosition = (position: StreamPosition): string => `id: ${positionId(position)}\n\n`;
