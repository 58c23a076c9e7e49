import ts from 'typescript';
import { callsOf, objectProperties } from './source-edits.js';
import { type Workspace, WrongCall } from './workspace.js';

export const CONTRACT_SERVICES = ['identity', 'listings', 'bookings', 'payments', 'reviews'] as const;
export type ContractService = (typeof CONTRACT_SERVICES)[number];

export interface NewError {
  /** `noun.reason` */
  code: string;
  /** Needed only for the first code of a noun. */
  service?: string | undefined;
  status: number;
  title: string;
  what: string;
  fix: string;
}

/** Adds an error code to the contracts of its service. Throws `WrongCall` for a wrong or taken name. */
export function addError(workspace: Workspace, error: NewError): void {
  if (!/^[a-z]+\.[a-z]+(_[a-z]+)*$/.test(error.code))
    throw new WrongCall(
      `"${error.code}" is not the name of an error: write noun.reason, such as quote.expired.`,
    );
  if (!Number.isInteger(error.status) || error.status < 400 || error.status > 599)
    throw new WrongCall(`--status must be an HTTP status from 400 to 599.`);
  if (allCodes(workspace).has(error.code)) throw new WrongCall(`The error ${error.code} exists already.`);
  const path = fileOf(serviceOf(workspace, error));
  workspace.edit(path, (source) =>
    codesIn(source).insert(
      error.code,
      `'${error.code}': errorEntry(${error.status}, ${[error.title, error.what, error.fix]
        .map((text) => JSON.stringify(text))
        .join(', ')})`,
      { sorted: true },
    ),
  );
}

const fileOf = (service: ContractService) => `libs/contracts/src/errors/${service}.ts`;
const CORE_ERRORS = 'libs/platform/src/errors/catalogue.ts';

function codesIn(source: string) {
  const [call] = callsOf(source, 'defineErrors');
  return objectProperties(source, call?.arguments[0] as ts.ObjectLiteralExpression);
}

function allCodes(workspace: Workspace): Map<string, ContractService | null> {
  const codes = (path: string, service: ContractService | null) =>
    codesIn(workspace.read(path)).names.map((name): [string, ContractService | null] => [name, service]);
  return new Map([
    ...CONTRACT_SERVICES.flatMap((service) => codes(fileOf(service), service)),
    ...codes(CORE_ERRORS, null),
  ]);
}

/** The service that has codes of the noun, or the one that the call names. */
function serviceOf(workspace: Workspace, { code, service }: NewError): ContractService {
  if (service !== undefined) return knownService(service);
  const [noun = ''] = code.split('.');
  const owners = new Set(
    [...allCodes(workspace)].filter(([name]) => name.startsWith(`${noun}.`)).map(([, owner]) => owner),
  );
  const [owner] = owners;
  if (owner && owners.size === 1) return owner;
  throw new WrongCall(
    owners.size === 0
      ? `No service has errors of "${noun}" yet: name one with --service ${CONTRACT_SERVICES.join('|')}.`
      : `Errors of "${noun}" are in several places: name the service with --service ${CONTRACT_SERVICES.join('|')}.`,
  );
}

export function knownService(name: string): ContractService {
  const service = CONTRACT_SERVICES.find((known) => known === name);
  if (!service) throw new WrongCall(`There is no service "${name}": use ${CONTRACT_SERVICES.join(', ')}.`);
  return service;
}
