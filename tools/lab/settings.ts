import { join } from 'node:path';

/** Everything that the lab builds or downloads, and its state while it runs. Outside the checkout. */
export const cache = process.env.ROOST_LAB_CACHE ?? '/var/cache/roost-lab';
export const binaries = join(cache, 'bin');
export const customResources = join(cache, 'crds');
export const imageArchives = join(cache, 'images');
export const state = join(cache, 'state');
export const kubeconfig = join(state, 'kubeconfig');

/** Every version that the lab uses. */
export const versions = {
  kubernetes: '1.36.3',
  go: '1.26.6',
  metricsServer: '0.9.0',
  coredns: '1.15.0',
  kubeRouter: '2.1.0',
  keda: '2.20.2',
  externalSecrets: '0.16.2',
  prometheusOperator: '0.85.0',
  gatewayApi: '1.6.3',
  cloudNativePg: '1.28.0',
  barmanCloudPlugin: '0.15.0',
  strimzi: '1.2.0',
  /** Java 25: Strimzi's generator needs 21 or newer, and Debian 12 has 17. */
  jre: '25.0.2.1',
};

/** Programs of Debian 12, with the package of each. */
export const controlPlanePrograms = { openssl: 'openssl', tar: 'tar' };
export const buildPrograms = { mvn: 'maven', java: 'openjdk-17-jre-headless', python3: 'python3-venv' };
export const nodePrograms = {
  containerd: 'containerd',
  runc: 'runc',
  '/usr/lib/cni/bridge': 'containernetworking-plugins',
  ip: 'iproute2',
  iptables: 'iptables',
  nft: 'nftables',
  ipset: 'ipset',
  conntrack: 'conntrack',
  nsenter: 'util-linux',
};

/** The addresses of the lab: a bridge on the host, with one network namespace per node. */
export const network = {
  bridge: 'roost-lab',
  host: '172.29.78.1',
  prefixLength: 24,
  services: '10.96.0.0/16',
  firstService: '10.96.0.1',
  dns: '10.96.0.10',
  pods: '10.244.0.0/16',
};

export const ports = {
  api: 22443,
  controllerManager: 22444,
  scheduler: 22445,
  metricsServer: 22446,
  etcd: 22379,
  etcdPeer: 22380,
};
