import { z } from 'zod';
import { Answers, Body, Page, Param, QueryParams, Uuid } from '@roost/http';

const Create = z
  .strictObject({ text: z.string(), size: z.int().default(1) })
  .meta({ id: 'ParamsSpecCreate' });
type Create = z.output<typeof Create>;
const Thing = z.object({ id: Uuid, text: z.string() });
type Thing = z.output<typeof Thing>;

const thing: Thing = { id: '0198c0de-0000-7000-8000-000000000000', text: 'a' };

/** Holds when the type checker does: each line that must not compile says so, and one that would compile fails there. */
class Controller {
  @Answers(201, Thing)
  create(@Body(Create) _body: Create): Promise<Thing> {
    return Promise.resolve(thing);
  }

  @Answers(200, Thing)
  one(
    @Param('id', Uuid) _id: string,
    @QueryParams(z.strictObject({ limit: z.string() })) _query: { limit: string },
  ): Thing {
    return thing;
  }

  @Answers(204)
  nothing(): void {}

  @Answers(200, Page(Thing), 'booking.not_found')
  list(): { data: Thing[]; nextCursor: string | null } {
    return { data: [thing], nextCursor: null };
  }

  // @ts-expect-error the body has a number where the parameter wants text
  wrongBody(@Body(Create) _body: { text: string; size: string }): void {}

  // @ts-expect-error the schema gives an id, the parameter wants a number
  wrongParam(@Param('id', Uuid) _id: number): void {}

  // @ts-expect-error the query lacks what the parameter has
  wrongQuery(@QueryParams(z.strictObject({})) _query: { limit: number }): void {}

  // @ts-expect-error the answer lacks the text
  @Answers(200, Thing)
  wrongAnswer(): Promise<{ id: string }> {
    return Promise.resolve(thing);
  }
}

test('decorated methods stay what they are', () => {
  expect(new Controller().list().data).toEqual([thing]);
});

test('a code that nobody knows is refused, by the type checker first', () => {
  // @ts-expect-error it is not in the catalogue
  expect(() => Answers(200, Thing, 'thing.misspelt')).toThrow();
});
