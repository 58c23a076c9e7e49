import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificate, issueCertificates, kubeconfigOf, privateKey } from './certificates.js';
import { startDaemon, waitFor } from './daemons.js';
import { kubectl, tryKubectl } from './kubectl.js';
import { binaries, customResources, kubeconfig, network, ports, state } from './settings.js';

const program = (name: string) => join(binaries, name);

/** Starts etcd and the API server on `host`, and loads the custom resources. */
export async function startApi(host: string, hasNodes: boolean): Promise<void> {
  mkdirSync(state, { recursive: true });
  await issueCertificates(host);
  const etcd = `http://127.0.0.1:${ports.etcd}`;
  const etcdPeer = `http://127.0.0.1:${ports.etcdPeer}`;
  startDaemon('etcd', program('etcd'), [
    ...['--data-dir', join(state, 'etcd'), '--listen-client-urls', etcd, '--advertise-client-urls', etcd],
    ...['--listen-peer-urls', etcdPeer, '--initial-advertise-peer-urls', etcdPeer],
    ...['--initial-cluster', `default=${etcdPeer}`, '--unsafe-no-fsync'],
  ]);
  startDaemon('kube-apiserver', program('kube-apiserver'), [
    `--etcd-servers=${etcd}`,
    `--bind-address=${host}`,
    `--advertise-address=${host}`,
    `--secure-port=${ports.api}`,
    // A loopback address can't be the endpoint of a Service.
    `--endpoint-reconciler-type=${hasNodes ? 'lease' : 'none'}`,
    `--service-cluster-ip-range=${network.services}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--client-ca-file=${certificate('authority')}`,
    `--tls-cert-file=${certificate('api')}`,
    `--tls-private-key-file=${privateKey('api')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${certificate('service-account')}`,
    `--service-account-signing-key-file=${privateKey('service-account')}`,
    `--kubelet-client-certificate=${certificate('kubelet-client')}`,
    `--kubelet-client-key=${privateKey('kubelet-client')}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--requestheader-client-ca-file=${certificate('authority')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${certificate('front-proxy')}`,
    `--proxy-client-key-file=${privateKey('front-proxy')}`,
  ]);
  await waitFor('The API server', async () => (await tryKubectl(['get', '--raw', '/readyz'])).code === 0, {
    daemons: ['etcd', 'kube-apiserver'],
  });
}

/** The definitions of the custom resources that the manifests use; no operator runs. */
export async function loadCustomResources(): Promise<void> {
  const done = join(state, 'custom-resources');
  if (existsSync(done)) return;
  // Left over if an earlier start was interrupted.
  const existing = new Set((await kubectl(['get', 'crd', '-o', 'name'])).split('\n'));
  const replaces = existing.size > 1;
  await kubectl([
    replaces ? 'replace' : 'create',
    '--validate=false',
    ...(replaces ? ['--force'] : []),
    '-f',
    customResources,
  ]);
  await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=120s']);
  writeFileSync(done, '');
}

export function startControllers(): void {
  const common = (user: string, port: number) => [
    ...['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map(
      (flag) => `--${flag}=${kubeconfigOf(user)}`,
    ),
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--leader-elect=false',
  ];
  startDaemon('kube-controller-manager', program('kube-controller-manager'), [
    ...common('controller-manager', ports.controllerManager),
    `--service-account-private-key-file=${privateKey('service-account')}`,
    `--root-ca-file=${certificate('authority')}`,
    `--cluster-signing-cert-file=${certificate('authority')}`,
    `--cluster-signing-key-file=${privateKey('authority')}`,
    '--use-service-account-credentials',
    // Shorter than the defaults, so that a test sees the autoscaler act.
    '--horizontal-pod-autoscaler-sync-period=5s',
    '--horizontal-pod-autoscaler-initial-readiness-delay=5s',
    '--horizontal-pod-autoscaler-cpu-initialization-period=30s',
    '--horizontal-pod-autoscaler-downscale-stabilization=30s',
  ]);
  startDaemon('kube-scheduler', program('kube-scheduler'), common('scheduler', ports.scheduler));
}

/** Serves the figures of the kubelets to `kubectl top` and to the autoscaler. Waits until the API server offers them. */
export async function startMetricsServer(): Promise<void> {
  startDaemon('metrics-server', program('metrics-server'), [
    ...['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].flatMap((flag) => [
      `--${flag}`,
      kubeconfig,
    ]),
    ...['--bind-address', '127.0.0.1', '--secure-port', String(ports.metricsServer)],
    ...['--cert-dir', join(state, 'metrics-server'), '--kubelet-insecure-tls'],
    ...['--kubelet-preferred-address-types=InternalIP', '--metric-resolution=10s'],
    '--kubelet-request-timeout=5s',
  ]);
  const offered = () => tryKubectl(['get', '--raw', '/apis/metrics.k8s.io/v1beta1']);
  await waitFor('The metrics API', async () => (await offered()).code === 0, { daemons: ['metrics-server'] });
}
