import { applyDecorators, Catch, UseFilters, type ExceptionFilter } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { EventBody, EventType } from '@roost/contracts';
import { throwError, type Observable } from 'rxjs';
import type { EventMeta } from './envelope.js';

/** The Nest transport id of @OnEvent handlers, with every transport. */
export const ROOST_EVENTS = Symbol('roost.events');

/** Passes a handler's error on unchanged: Nest would replace it by "Internal server error", and retries need its code. */
@Catch()
class RethrowFilter implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/**
 * Handles events of these types: `async paid(body: EventBody<'payment.captured'>, meta: EventMeta)` on a `@Controller()`.
 * The method runs inside Transactions.run together with its inbox row: a redelivered event has no effect, and an error
 * rolls back everything. It may run several times, so it must have no effect outside the database.
 */
export function OnEvent<const T extends EventType>(...types: [T, ...T[]]) {
  return <M extends (body: EventBody<T>, meta: EventMeta) => Promise<void>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    applyDecorators(EventPattern(types, ROOST_EVENTS), UseFilters(new RethrowFilter()))(
      target,
      key,
      descriptor,
    );
    Payload()(target, key, 0);
    Ctx()(target, key, 1);
  };
}
