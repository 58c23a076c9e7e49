export const CODE_TTL_SECONDS = 10 * 60;
/** Entered codes per text message. */
export const MAX_TRIES = 5;

/** The codes of the last hour and of the last day. */
export interface CodeCount {
  hour: number;
  day: number;
}

/** How many codes the user and their network have requested, and how many were sent to the number. */
export interface CodeCounts {
  user: CodeCount;
  network: CodeCount;
  phone: CodeCount;
  /** The text messages of all users in the last day. */
  sentInDay: number;
}

/**
 * Text messages cost: these limits make it unprofitable to have them sent to numbers that earn with each message. Many
 * users of a mobile carrier share one network.
 */
export const CODE_LIMITS: Omit<CodeCounts, 'sentInDay'> = {
  user: { hour: 3, day: 6 },
  network: { hour: 30, day: 100 },
  phone: { hour: 3, day: 6 },
};

/**
 * `silent`: no code is sent, and the response does not show it. It would reveal that other users have requested codes for
 * the number.
 */
export function admitCode(
  { user, network, phone, sentInDay }: CodeCounts,
  messagesPerDay: number,
): 'send' | 'silent' | 'refuse' {
  if (sentInDay >= messagesPerDay) return 'refuse';
  if (isReached(user, CODE_LIMITS.user) || isReached(network, CODE_LIMITS.network)) return 'refuse';
  return isReached(phone, CODE_LIMITS.phone) ? 'silent' : 'send';
}

const isReached = (count: CodeCount, limit: CodeCount): boolean =>
  count.hour >= limit.hour || count.day >= limit.day;
