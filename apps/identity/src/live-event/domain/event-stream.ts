/** How long an event can be resumed from. */
export const RETENTION_HOURS = 24;

/** Everything up to `sequence` was sent, at `sentAt`. */
export interface StreamPosition {
  sequence: number;
  sentAt: Date;
}

export interface StreamEvent {
  event: string;
  position: StreamPosition;
  data: object;
}

/** The `id` of an event: the client sends the last one back as `Last-Event-ID`. */
export const positionId = ({ sequence, sentAt }: StreamPosition): string =>
  `${sequence}-${Math.floor(sentAt.getTime() / 1000)}`;

/** The position of a `Last-Event-ID`. Null if it is none, or if events after it may have been deleted. */
export function resumablePosition(id: string, now: Date): StreamPosition | null {
  const [, sequence, seconds] = /^(\d{1,15})-(\d{1,11})$/.exec(id) ?? [];
  if (sequence === undefined || seconds === undefined) return null;
  const sentAt = new Date(Number(seconds) * 1000);
  const oldest = now.getTime() - RETENTION_HOURS * 60 * 60 * 1000;
  return sentAt.getTime() > oldest ? { sequence: Number(sequence), sentAt } : null;
}

/** An event in the format of server-sent events (HTML Living Standard, 9.2.5). JSON has no line breaks. */
export const formatEvent = ({ event, position, data }: StreamEvent): string =>
  `event: ${event}\nid: ${positionId(position)}\ndata: ${JSON.stringify(data)}\n\n`;
