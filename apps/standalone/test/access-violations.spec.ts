import { Controller, Module, Post } from '@nestjs/common';
import {
  AccountStandingModule,
  Migration0000AccountErasure,
  Migration0000AccountStanding,
} from '@roost/accounts';
import { Arg, Mutation, Resolver } from '@roost/graphql';
import {
  type AuthUser,
  CurrentUser,
  Param,
  Public,
  RespondsWith,
  Roles,
  Uuid,
  VerifiedEmail,
} from '@roost/http';
import { Problem } from '@roost/platform';
import { defineService } from '@roost/service';
import { golden, startTestService, type TestService, testUser } from '@roost/testing';
import { buildSchema, extendSchema, parse } from 'graphql';
import { z } from 'zod';
import {
  type Callable,
  callableField,
  callableRoute,
  type Callers,
  foreignViolations,
  undeclared,
  undeclaredFields,
  violations,
} from './access-matrix.js';
import type { Caller, Rule } from './access-outcome.js';
import { HOST_A } from './access-operation.js';
import { type DeclaredOperation } from './access-rules.js';
import { publicGraph, UNKNOWN_ID } from './every-route.js';

/** What the matrix finds in a service with one missing guard per route and per mutation. */
const RULE: Rule = { token: 'required', roles: ['host'], verified: true, of: HOST_A };
const LISTING = '01890000-0000-7000-8000-00000000abcd';
const hostA = testUser({ roles: ['host'] });

const requireOwner = ({ id }: AuthUser): void => {
  if (id !== hostA.id) throw new Problem('listing.not_found');
};

@Controller('v1')
class FaultyController {
  @Post('guarded/:id')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(204, 'listing.not_found')
  guarded(@CurrentUser() host: AuthUser, @Param('id', Uuid) _id: string): void {
    requireOwner(host);
  }

  @Post('without-owner/:id')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(204)
  withoutOwner(@Param('id', Uuid) _id: string): void {}

  @Post('without-role/:id')
  @VerifiedEmail()
  @RespondsWith(204)
  withoutRole(@Param('id', Uuid) _id: string): void {}

  @Post('without-verified-mail/:id')
  @RespondsWith(204)
  withoutVerifiedMail(@Param('id', Uuid) _id: string): void {}

  @Post('without-token/:id')
  @Public()
  @RespondsWith(204)
  withoutToken(@Param('id', Uuid) _id: string): void {}

  @Post('without-parent/:id/photos/:photoId')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(204, 'listing.not_found')
  withoutParent(@CurrentUser() host: AuthUser, @Param('photoId', Uuid) _id: string): void {
    requireOwner(host);
  }

  @Post('not-found-for-all/:id')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(204, 'listing.not_found')
  notFound(@Param('id', Uuid) _id: string): void {
    throw new Problem('listing.not_found');
  }

  @Post('wrong-state-for-all/:id')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(204, 'listing.not_found', 'listing.wrong_state')
  wrongState(@CurrentUser() host: AuthUser, @Param('id', Uuid) _id: string): void {
    requireOwner(host);
    throw new Problem('listing.wrong_state');
  }
}

const Result = z.object({ id: Uuid }).meta({ id: 'Result' });
type Result = z.output<typeof Result>;

@Resolver()
class FaultyResolver {
  @Mutation(Result)
  @Roles('host')
  @VerifiedEmail()
  guarded(@CurrentUser() host: AuthUser, @Arg('id', Uuid) id: string): Result {
    requireOwner(host);
    return { id };
  }

  @Mutation(Result)
  @Roles('host')
  @VerifiedEmail()
  withoutOwner(@Arg('id', Uuid) id: string): Result {
    return { id };
  }

  @Mutation(Result)
  @VerifiedEmail()
  withoutRole(@Arg('id', Uuid) id: string): Result {
    return { id };
  }

  @Mutation(Result)
  withoutVerifiedMail(@Arg('id', Uuid) id: string): Result {
    return { id };
  }

  @Mutation(Result)
  @Public()
  withoutToken(@Arg('id', Uuid) id: string): Result {
    return { id };
  }
}

const FAULTY_MUTATIONS = buildSchema(`
  type Result { id: ID! }
  type Query { none: ID }
  type Mutation {
    ${['guarded', 'withoutOwner', 'withoutRole', 'withoutVerifiedMail', 'withoutToken']
      .map((name) => `${name}(id: ID!): Result!`)
      .join(' ')}
  }`).getMutationType();

@Module({
  imports: [AccountStandingModule],
  controllers: [FaultyController],
  providers: [FaultyResolver],
})
class FaultyModule {}

/** Suspensions do not reach it. */
@Module({ controllers: [FaultyController], providers: [FaultyResolver] })
class WithoutSuspensionsModule {}

const faulty = (name: string, module: new () => object) =>
  defineService({
    ...{ name, module, port: 3098, description: 'A service with missing guards', config: z.object({}) },
    entities: [],
    migrations: [Migration0000AccountStanding, Migration0000AccountErasure],
  });

const services: TestService[] = [];
afterAll(() => Promise.all(services.map((service) => service.close())));

/** The callers of a new service, in which one user is suspended. */
async function startCallers(name: string, module: new () => object): Promise<Callers> {
  const service = await startTestService(faulty(name, module));
  services.push(service);
  const suspended = testUser({ roles: ['host'] });
  await service.deliver('user.suspended', { ...golden('user.suspended'), userId: suspended.id });
  return {
    anonymous: service.anonymous,
    unverified: service.as(testUser({ emailVerified: false })),
    guestA: service.as(testUser()),
    guestB: service.as(testUser()),
    hostA: service.as(hostA),
    hostB: service.as(testUser({ roles: ['host'] })),
    suspended: service.as(suspended),
    admin: service.as(testUser({ roles: ['admin'] })),
  };
}

const pathOf = (path: string): string => `/v1/${path.includes('{') ? path : `${path}/{id}`}`;

function callableOf(path: string, declared: Partial<DeclaredOperation> = {}): Callable {
  const route = { method: 'POST', path: pathOf(path), query: [], selection: '', body: null };
  const operation = { rule: RULE, object: 'listing', ...declared };
  const document = { paths: {}, components: { schemas: {} } };
  return callableRoute({ ...route, access: 'user' }, document, { listing: LISTING }, operation);
}

const foundIn = (path: string, callers: Callers, declared?: Partial<DeclaredOperation>): Promise<string[]> =>
  violations(callableOf(path, declared), callers);

function foundInMutation(name: string, callers: Callers, rule: Rule = RULE): Promise<string[]> {
  const field = FAULTY_MUTATIONS?.getFields()[name];
  if (!field) throw new Error(`there is no mutation ${name}`);
  const operation = { rule, object: 'listing' };
  return violations(callableField('mutation', field, { listing: LISTING }, operation), callers);
}

const found = (path: string, caller: Caller, what: string): string =>
  `POST ${pathOf(path)} by ${caller}: ${what}`;

describe('the access matrix finds', () => {
  let callers: Callers;
  beforeAll(async () => {
    callers = await startCallers('guarded', FaultyModule);
  });

  test('nothing in a route with all guards', async () => {
    expect(await foundIn('guarded', callers)).toEqual([]);
  });

  test('a missing check of the owner', async () => {
    expect(await foundIn('without-owner', callers)).toEqual([
      found('without-owner', 'hostB', 'allowed, not hidden'),
    ]);
  });

  test('a missing check that a child belongs to its parent', async () => {
    const path = 'without-parent/{id}/photos/{photoId}';
    expect(await foundIn(path, callers)).toEqual([]);
    expect(await foreignViolations(callableOf(path), callers, { photo: UNKNOWN_ID })).toEqual([
      found(`${path} of another owner`, 'hostA', 'allowed, not hidden'),
    ]);
  });

  test('a missing role', async () => {
    const all = await foundIn('without-role', callers);
    for (const caller of ['guestA', 'guestB', 'admin'] as const)
      expect(all).toContain(found('without-role', caller, 'allowed, not auth.forbidden'));
  });

  test('a missing check of the mail address', async () => {
    const path = 'without-verified-mail';
    expect(await foundIn(path, callers, { rule: { token: 'required', verified: true } })).toEqual([
      found(path, 'unverified', 'allowed, not auth.email_unverified'),
    ]);
  });

  test('a route that is public by mistake, also for a suspended user', async () => {
    const all = await foundIn('without-token', callers);
    expect(all).toContain(found('without-token', 'anonymous', 'allowed, not auth.missing_token'));
    expect(all).toContain(found('without-token', 'suspended', 'allowed, not account.suspended'));
  });

  test('a route that responds with 404 to all', async () => {
    expect(await foundIn('not-found-for-all', callers)).toEqual([
      found('not-found-for-all', 'hostA', 'hidden, not allowed'),
    ]);
  });

  test('an error that is not declared, or another one than declared', async () => {
    const path = 'wrong-state-for-all';
    expect(await foundIn(path, callers)).toEqual([found(path, 'hostA', 'listing.wrong_state, not allowed')]);
    expect(await foundIn(path, callers, { error: 'listing.wrong_state' })).toEqual([]);
    expect(await foundIn(path, callers, { error: 'listing.archived' })).toEqual([
      found(path, 'hostA', 'listing.wrong_state, not listing.archived'),
    ]);
  });

  test('a suspended user’s write in a service that suspensions do not reach', async () => {
    const unaware = await startCallers('unaware', WithoutSuspensionsModule);
    expect(await foundIn('without-owner', unaware)).toContain(
      found('without-owner', 'suspended', 'allowed, not account.suspended'),
    );
  });

  test('a missing guard of a mutation', async () => {
    const of = (name: string, caller: Caller, what: string) => `mutation ${name} by ${caller}: ${what}`;
    expect(await foundInMutation('guarded', callers)).toEqual([]);
    expect(await foundInMutation('withoutOwner', callers)).toEqual([
      of('withoutOwner', 'hostB', 'allowed, not hidden'),
    ]);
    expect(await foundInMutation('withoutRole', callers)).toEqual(
      expect.arrayContaining([of('withoutRole', 'admin', 'allowed, not auth.forbidden')]),
    );
    expect(
      await foundInMutation('withoutVerifiedMail', callers, { token: 'required', verified: true }),
    ).toEqual([of('withoutVerifiedMail', 'unverified', 'allowed, not auth.email_unverified')]);
    // The graph verifies each token that it gets, also for public fields.
    expect(await foundInMutation('withoutToken', callers, { token: 'required' })).toEqual([
      of('withoutToken', 'anonymous', 'allowed, not auth.missing_token'),
    ]);
  });

  test('a suspended user’s mutation in a service that suspensions do not reach', async () => {
    const unaware = await startCallers('unaware-graph', WithoutSuspensionsModule);
    expect(await foundInMutation('withoutOwner', unaware)).toContain(
      'mutation withoutOwner by suspended: allowed, not account.suspended',
    );
  });

  test('a route, a mutation and a declaration without a counterpart', () => {
    expect(
      undeclared(
        ['GET /v1/new', 'GET /v1/admin/new', 'mutation new', 'GET /v1/me'],
        ['GET /v1/me', 'GET /v1/old'],
      ),
    ).toEqual([
      'GET /v1/new has no rule',
      'GET /v1/admin/new has no rule',
      'mutation new has no rule',
      'GET /v1/old does not exist',
    ]);
  });

  test('a nullable field without a declaration', () => {
    const graph = extendSchema(publicGraph(), parse('extend type Listing { note: String }'));
    expect(undeclaredFields(graph)).toEqual(['Listing.note']);
  });
});
