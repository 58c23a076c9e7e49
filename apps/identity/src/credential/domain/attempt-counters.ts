import ipaddr from 'ipaddr.js';
import { FREE_FAILURES } from './lock-out.js';

/** Failures from one site, of many networks: one site of IPv6 has 65,536 networks. */
export const FREE_FAILURES_OF_SITE = 10;
/** Failures from all unknown networks together: guesses from many networks are limited, too. */
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

/** Where a log-in comes from. */
export interface AttemptOrigin {
  readonly network: string;
  /** The site of the network; null for IPv4. */
  readonly site: string | null;
  readonly userAgent: string | null;
  /** The id of a device of the account, by its cookie; null without one. */
  readonly deviceId: string | null;
  /** Whether the account has opened a session in this network, and with this user agent (`device`), before. */
  readonly known: 'device' | 'network' | 'no';
}

/**
 * The counts of a log-in. A stranger fills the count of their own network, that of its site and that of all unknown
 * networks. The first of them is the only one that applies to a new device in a known network of the owner, and none
 * applies to a known device.
 */
export function logInCounters(account: string, origin: AttemptOrigin): AttemptCounter[] {
  const { network, site, userAgent, deviceId, known } = origin;
  const counter = (from: string, freeFailures: number, shared = false) => ({
    account,
    subject: `${account} ${from}`,
    freeFailures,
    shared,
  });
  if (deviceId !== null) return [counter(`on device ${deviceId}`, FREE_FAILURES)];
  if (known === 'device') return [counter(`on ${network} with ${userAgent ?? ''}`, FREE_FAILURES)];
  const ofNetwork = counter(`from ${network}`, FREE_FAILURES);
  if (known === 'network') return [ofNetwork];
  return [
    ofNetwork,
    ...(site === null ? [] : [counter(`from ${site}`, FREE_FAILURES_OF_SITE, true)]),
    counter('from unknown networks', FREE_FAILURES_OF_ACCOUNT, true),
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

/** The site of an IPv6 address: its /48, the largest block that one customer usually gets. Null for IPv4. */
export function siteOf(address: string): string | null {
  if (!ipaddr.isValid(address)) return null;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4' ? null : `${parsed.toByteArray().slice(0, 6).join('.')}/48`;
}
