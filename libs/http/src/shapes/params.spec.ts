import { z } from 'zod';
import { RespondsWith, Body, Page, Param, QueryParams, Uuid } from '@roost/http';

const Create = z
  .strictObject({ text: z.string(), size: z.int().default(1) })
  .meta({ id: 'ParamsSpecCreate' });
type Create = z.output<typeof Create>;
const Thing = z.object({ id: Uuid, text: z.string() });
type Thing = z.output<typeof Thing>;

const thing: Thing = { id: '0198c0de-0000-7000-8000-000000000000', text: 'a' };

/** Checked by the compiler: each `@ts-expect-error` marks a line that must not compile. */
class Controller {
  @RespondsWith(201, Thing)
  create(@Body(Create) _body: Create): Promise<Thing> {
    return Promise.resolve(thing);
  }

  @RespondsWith(200, Thing)
  one(
    @Param('id', Uuid) _id: string,
    @QueryParams(z.strictObject({ limit: z.string() })) _query: { limit: string },
  ): Thing {
    return thing;
  }

  @RespondsWith(204)
  nothing(): void {}

  @RespondsWith(200, Page(Thing), 'booking.not_found')
  list(): { data: Thing[]; nextCursor: string | null } {
    return { data: [thing], nextCursor: null };
  }

  // @ts-expect-error the schema has a number, the parameter a string
  wrongBody(@Body(Create) _body: { text: string; size: string }): void {}

  // @ts-expect-error the schema has a string, the parameter a number
  wrongParam(@Param('id', Uuid) _id: number): void {}

  // @ts-expect-error the schema lacks a field of the parameter
  wrongQuery(@QueryParams(z.strictObject({})) _query: { limit: number }): void {}

  // @ts-expect-error the result lacks the field text
  @RespondsWith(200, Thing)
  wrongAnswer(): Promise<{ id: string }> {
    return Promise.resolve(thing);
  }
}

test('decorators do not change methods', () => {
  expect(new Controller().list().data).toEqual([thing]);
});

test('rejects an unknown error code, in the type checker, too', () => {
  // @ts-expect-error the code is not in the catalogue
  expect(() => RespondsWith(200, Thing, 'thing.misspelt')).toThrow();
});
