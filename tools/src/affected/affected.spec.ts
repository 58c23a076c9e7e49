import { affectedBy } from './affected.js';

const APPS = ['bookings', 'gateway'];
const affected = (files: string[], projects: string[] = []) => affectedBy(files, projects, APPS);

it('runs the specs of the affected projects and builds their images', () => {
  expect(affected(['libs/money/src/index.ts'], ['libs/money', 'apps/bookings'])).toEqual({
    folders: ['apps/bookings/', 'libs/money/'],
    cluster: false,
    images: ['bookings'],
  });
});

it.each(['k8s/base/bookings/deployment.yaml', 'docker/Dockerfile', 'tools/lab/up.sh'])(
  'runs the cluster suite after a change of %s',
  (file) => {
    expect(affected([file]).cluster).toBe(true);
  },
);

it.each(['docker/Dockerfile', 'package-lock.json'])('builds every image after a change of %s', (file) => {
  expect(affected([file]).images).toEqual(APPS);
});

it.each(['.github/workflows/ci.yml', 'jest.config.js', 'docs/errors/internal.md'])(
  'runs the specs of tools after a change of %s, which belongs to no project',
  (file) => {
    expect(affected([file]).folders).toEqual(['tools/']);
  },
);

it.each(['README.md', 'docs/kafka.md', 'docs/images/inbox.png', 'docs/adr/0001-repeatable-read.md'])(
  'runs nothing after a change of %s alone',
  (file) => {
    expect(affected([file])).toEqual({ folders: [], cluster: false, images: [] });
  },
);
