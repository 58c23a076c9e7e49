import ts from 'typescript';
import { CONTRACT_SERVICES } from './error.js';
import { callsOf, objectProperties, type ObjectProperties } from './source-edits.js';
import { type Workspace, WrongCall } from './workspace.js';

const SPEC = 'libs/contracts/src/contracts.spec.ts';

/**
 * Adds an event type to the topic that has events of the same noun, with a fixture and a line in the table of the
 * contracts' spec. Throws `WrongCall` for a wrong or taken name, and for a noun without a topic.
 */
export function addEvent(workspace: Workspace, type: string): void {
  if (!/^[a-z]+\.[a-z]+(-[a-z]+)*$/.test(type))
    throw new WrongCall(
      `"${type}" is not the name of an event: write noun.past-participle, such as booking.confirmed.`,
    );
  const topics = CONTRACT_SERVICES.flatMap((service) => topicsIn(workspace, service));
  if (topics.some(({ types }) => types.names.includes(type)))
    throw new WrongCall(`The event ${type} exists already.`);
  const [noun = ''] = type.split('.');
  const topic = topics.find(({ types }) => types.names.some((name) => name.startsWith(`${noun}.`)));
  if (!topic)
    throw new WrongCall(
      `No topic has events of "${noun}": use one of ${[...new Set(topics.flatMap(nounsOf))].join(', ')}, or declare a topic in libs/contracts/src first.`,
    );
  const sibling = topic.types.names.find((name) => topic.isBare(name)) ?? topic.types.names[0] ?? '';
  workspace.create(
    `libs/contracts/fixtures/${type}.json`,
    workspace.read(`libs/contracts/fixtures/${sibling}.json`),
  );
  workspace.edit(topic.path, () => topic.types.insert(type, `'${type}': {}`));
  workspace.edit(SPEC, (source) => {
    const last = topic.types.names.at(-1) ?? '';
    const listed = new RegExp(`${last.replaceAll('.', '\\.')}(?=')`);
    if (!listed.test(source)) throw new Error(`${SPEC} does not list ${last}`);
    return source.replace(listed, `${last} ${type}`);
  });
}

interface Topic {
  path: string;
  types: ObjectProperties;
  /** Whether the type adds no fields to those of its topic. */
  isBare(type: string): boolean;
}

const nounsOf = ({ types }: Topic) => types.names.map((name) => name.split('.')[0] ?? '');

function topicsIn(workspace: Workspace, service: string): Topic[] {
  const path = `libs/contracts/src/${service}.ts`;
  const source = workspace.read(path);
  return callsOf(source, 'topic').map(({ arguments: [, , types] }) => {
    const object = types as ts.ObjectLiteralExpression;
    return {
      path,
      types: objectProperties(source, object),
      isBare: (type) =>
        object.properties.some(
          (property) =>
            ts.isPropertyAssignment(property) &&
            (property.name as ts.StringLiteral).text === type &&
            property.initializer.getText() === '{}',
        ),
    };
  });
}
