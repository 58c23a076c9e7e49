import { applyDecorators, Catch, UseFilters, type ExceptionFilter } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { EventBody, EventType } from '@roost/contracts';
import { throwError, type Observable } from 'rxjs';
import type { EventMeta } from './envelope.js';

/** Handlers with this mark belong to Roost's event server, whatever carries the events. */
export const ROOST_EVENTS = Symbol('roost.events');

/** Nest turns what a handler throws into "Internal server error"; retrying and parking need the error itself. */
@Catch()
class AsThrown implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/**
 * Handles events of these types: `async paid(body: EventBody<'payment.captured'>, meta: EventMeta)` on a `@Controller()`.
 * The method runs inside Transactions.run together with its inbox row: a redelivered event does nothing,
 * and a throw rolls all of it back. It may be run several times; it must have no effect outside the database.
 */
export function OnEvent<const T extends EventType>(...types: [T, ...T[]]) {
  return <M extends (body: EventBody<T>, meta: EventMeta) => Promise<void>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    applyDecorators(EventPattern(types, ROOST_EVENTS), UseFilters(new AsThrown()))(target, key, descriptor);
    Payload()(target, key, 0);
    Ctx()(target, key, 1);
  };
}
