import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.js';
import { kubeconfig, network, ports, state } from './settings.js';

export const certificates = join(state, 'certificates');
export const certificate = (name: string) => join(certificates, `${name}.crt`);
export const privateKey = (name: string) => join(certificates, `${name}.key`);

/** The users of the API server with the subject of each; `admin` may do everything. */
const users = {
  admin: '/O=system:masters/CN=admin',
  'controller-manager': '/CN=system:kube-controller-manager',
  scheduler: '/CN=system:kube-scheduler',
  'kube-proxy': '/CN=system:kube-proxy',
  'kubelet-client': '/O=system:masters/CN=kubelet-client',
  'front-proxy': '/CN=front-proxy-client',
};

const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '365'];

/** An authority for this run of the lab, and a certificate and a kubeconfig for each user of the API server. */
export async function issueCertificates(apiHost: string): Promise<void> {
  if (existsSync(kubeconfig)) return;
  mkdirSync(certificates, { recursive: true, mode: 0o700 });
  const { privateKey: signing, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(privateKey('service-account'), signing.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
  });
  writeFileSync(certificate('service-account'), publicKey.export({ type: 'spki', format: 'pem' }));
  await run('openssl', [
    ...['req', '-x509', '-subj', '/CN=roost-lab', ...ec],
    ...['-keyout', privateKey('authority'), '-out', certificate('authority')],
  ]);
  await Promise.all([
    issue('api', '/CN=kube-apiserver', [
      ...['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost'].map(
        (name) => `DNS:${name}`,
      ),
      ...['127.0.0.1', network.host, network.firstService].map((address) => `IP:${address}`),
    ]),
    ...Object.entries(users).map(([name, subject]) => issue(name, subject)),
  ]);
  const server = `https://${apiHost}:${ports.api}`;
  for (const name of ['controller-manager', 'scheduler', 'kube-proxy'] as const)
    writeKubeconfig(name, server);
  writeKubeconfig('admin', server, kubeconfig);
}

/** The certificate and kubeconfig of the kubelet of a node. */
export async function issueNodeCertificate(node: string, address: string): Promise<void> {
  if (existsSync(kubeconfigOf(node))) return;
  await issue(node, `/O=system:nodes/CN=system:node:${node}`, [`DNS:${node}`, `IP:${address}`]);
  writeKubeconfig(node, `https://${network.host}:${ports.api}`);
}

export const kubeconfigOf = (user: string) => join(certificates, `${user}.kubeconfig`);

async function issue(name: string, subject: string, alternatives: string[] = []): Promise<void> {
  await run('openssl', [
    ...['req', '-x509', '-CA', certificate('authority'), '-CAkey', privateKey('authority')],
    ...['-subj', subject, ...ec, '-keyout', privateKey(name), '-out', certificate(name)],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth,clientAuth'],
    ...(alternatives.length > 0 ? ['-addext', `subjectAltName=${alternatives.join(',')}`] : []),
  ]);
}

function writeKubeconfig(user: string, server: string, file = kubeconfigOf(user)): void {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster: { server, 'certificate-authority': certificate('authority') } }],
    users: [
      { name: user, user: { 'client-certificate': certificate(user), 'client-key': privateKey(user) } },
    ],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user } }],
    'current-context': 'lab',
  };
  writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 });
}
