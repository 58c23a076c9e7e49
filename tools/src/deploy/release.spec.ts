import { releaseOf } from './release.js';

const RENDERED = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: bookings, namespace: roost }
spec:
  template:
    spec:
      containers: [{ image: 'roost/bookings:dev' }]
---
apiVersion: batch/v1
kind: Job
metadata: { name: topics, namespace: roost }
spec:
  template:
    spec:
      containers: [{ image: 'roost/cli:dev' }, { image: 'postgres:18-bookworm' }]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: bookings, namespace: roost }
---
apiVersion: v1
kind: Namespace
metadata: { name: roost }
`;
const DIGEST = `sha256:${'a'.repeat(64)}`;

const imagesOf = (images: Parameters<typeof releaseOf>[1]) => {
  const { jobs, deployments } = releaseOf(RENDERED, images);
  return [...deployments, ...jobs].flatMap(
    ({ spec }) => spec?.template?.spec?.containers?.map(({ image }) => image) ?? [],
  );
};

test('sorts the objects into the steps of a deployment', () => {
  const { namespace, base, jobs, deployments, scalers } = releaseOf(RENDERED);
  expect(namespace).toBe('roost');
  expect([base, jobs, deployments, scalers].map((step) => step.map(({ kind }) => kind))).toEqual([
    ['Namespace'],
    ['Job'],
    ['Deployment'],
    ['HorizontalPodAutoscaler'],
  ]);
});

test.each([
  ['nothing', {}, ['roost/bookings:dev', 'roost/cli:dev']],
  ['a tag', { tag: '1.4.0' }, ['roost/bookings:1.4.0', 'roost/cli:1.4.0']],
  ['one digest', { tag: DIGEST }, [`roost/bookings@${DIGEST}`, `roost/cli@${DIGEST}`]],
  ['a registry', { registry: 'r.example/x' }, ['r.example/x/bookings:dev', 'r.example/x/cli:dev']],
  [
    'digests and a registry',
    { registry: 'r.example/x', digests: { bookings: DIGEST, cli: DIGEST } },
    [`r.example/x/bookings@${DIGEST}`, `r.example/x/cli@${DIGEST}`],
  ],
])('replaces the images of Roost, and no others, by %s', (_, images, expected) => {
  expect(imagesOf(images)).toEqual([...expected, 'postgres:18-bookworm']);
});

test('an app without a digest is an error', () => {
  expect(() => imagesOf({ digests: { bookings: DIGEST } })).toThrow('no digest of the image of cli');
});
