import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { testWith } from '../support/peers.ts';
import { ROOT, loadProject } from './project.ts';
import type { ComposeService } from './project.ts';

const test = testWith('compose');

function listServices(): [name: string, service: ComposeService][] {
  return Object.entries(loadProject().services);
}

test('docker-compose.yml is valid to the loader of the Compose specification', () => {
  expect(Object.keys(loadProject().services).toSorted()).toEqual([
    'collector',
    'grafana',
    'health',
    'jaeger',
    'loki',
    'mlflow',
    'mlflow-sink',
    'tempo',
  ]);
});

test('every image has its exact version', () => {
  for (const [name, { image }] of listServices())
    expect(image, name).toMatch(/^[\w./-]+:v?\d+\.\d+\.\d+$/);
});

test('every port is on localhost only', () => {
  for (const [name, { ports = [] }] of listServices())
    for (const port of ports) expect(port.host_ip, `${name} ${port.published}`).toBe('127.0.0.1');
});

test('every service has limits, and a health check where its image has a program for it', () => {
  for (const [name, { deploy, healthcheck }] of listServices()) {
    expect(Number(deploy?.resources.limits.memory), name).toBeGreaterThan(64e6);
    expect(deploy?.resources.limits.cpus, name).toBeGreaterThan(0);
    if (!['collector', 'tempo'].includes(name)) expect(healthcheck?.test[0], name).toBe('CMD');
  }
  const { health } = loadProject().services;
  expect(health!.healthcheck!.test.at(-1)).toMatch(/collector:13133.*tempo:3200/);
});

test('what is mounted is there, and read only', () => {
  for (const [name, { volumes = [] }] of listServices()) {
    for (const { type, source, read_only: isReadOnly } of volumes) {
      if (type !== 'bind') continue;
      expect(existsSync(source), `${name}: ${source}`).toBe(true);
      expect(isReadOnly, `${name}: ${source}`).toBe(true);
    }
  }
});

test('every variable of the Collector, of Jaeger and of Loki is one that their configuration reads', () => {
  const { services } = loadProject();
  for (const [name, file] of [
    ['collector', 'agent.yaml'],
    ['jaeger', 'jaeger.yaml'],
    ['loki', 'loki.yaml'],
  ] as const) {
    const text = readFileSync(join(ROOT, 'collector-config', file), 'utf8');
    const unread = Object.keys(services[name]!.environment ?? {}).filter(
      (variable) => variable !== 'GOMEMLIMIT' && !text.includes(`${variable}:-`),
    );
    expect(unread, name).toEqual([]);
  }
});
