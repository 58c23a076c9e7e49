import ipaddr from 'ipaddr.js';
import { FREE_FAILURES } from './lock-out.js';

/** Failures from all unknown devices together: guesses from many networks are limited, too. */
export const FREE_FAILURES_OF_ACCOUNT = 100;

/** One count of failed attempts. */
export interface AttemptCounter {
  /** Whose password or code is guessed; the counts of one account are reset together. */
  readonly account: string;
  readonly subject: string;
  /** The wait starts with this failure in a row. */
  readonly freeFailures: number;
  /** Many networks fill it. A network that has to wait by its own count adds nothing more, so that it can't fill it alone. */
  readonly shared?: boolean;
}

/** Where a log-in comes from. A device is known if the account has opened a session with it before. */
export interface AttemptOrigin {
  readonly network: string;
  readonly userAgent: string | null;
  readonly known: boolean;
}

/**
 * The counts of a log-in. A stranger fills the count of their own network and that of all unknown devices; neither
 * applies to a known device of the owner.
 */
export function logInCounters(account: string, origin: AttemptOrigin): AttemptCounter[] {
  const { network, userAgent, known } = origin;
  if (known)
    return [
      {
        account,
        subject: `${account} on ${network} with ${userAgent ?? ''}`,
        freeFailures: FREE_FAILURES,
      },
    ];
  return [
    { account, subject: `${account} from ${network}`, freeFailures: FREE_FAILURES },
    {
      account,
      subject: `${account} from unknown devices`,
      freeFailures: FREE_FAILURES_OF_ACCOUNT,
      shared: true,
    },
  ];
}

/** The count of a signed-in session: log-ins of strangers do not fill it, and it does not lock log-ins. */
export function sessionCounters(account: string, sessionId: string): AttemptCounter[] {
  return [{ account, subject: `${account} in session ${sessionId}`, freeFailures: FREE_FAILURES }];
}

/** The network of an address: a household or a server has many addresses of one /64 (IPv6), and few of one /24 (IPv4). */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  const [bytes, prefix] = parsed.kind() === 'ipv4' ? [3, 24] : [8, 64];
  return `${parsed.toByteArray().slice(0, bytes).join('.')}/${prefix}`;
}
