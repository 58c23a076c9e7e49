import { z } from 'zod';

/** A fault of the next requests of a route. The header `sandbox-fault` sets it for one request. */
export const Fault = z.strictObject({
  route: z.enum(['create', 'confirm', 'capture', 'cancel', 'refund', 'transfer', 'read', 'any']),
  /**
   * lost: the request does not arrive · fail: 503, nothing done · silent: done, and the connection is closed ·
   * hang: done, and no response for 30 s
   */
  kind: z.enum(['lost', 'fail', 'silent', 'hang']),
  times: z.int().min(1).max(100_000).default(1),
});
export type Fault = z.output<typeof Fault>;
export type FaultKind = Fault['kind'];

export class Faults {
  private planned: Fault[] = [];

  /** Replaces the planned faults. */
  plan(faults: Fault[]): void {
    this.planned = faults.map((fault) => ({ ...fault }));
  }

  /** The fault of a request; a planned fault is used up. */
  take(route: Fault['route'], header: unknown): FaultKind | undefined {
    const fromHeader = Fault.shape.kind.safeParse(header);
    if (fromHeader.success) return fromHeader.data;
    const fault = this.planned.find(
      (each) => each.times > 0 && (each.route === route || each.route === 'any'),
    );
    if (!fault) return undefined;
    fault.times -= 1;
    return fault.kind;
  }
}
