import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a certificate that has signed itself, for `localhost` and 127.0.0.1: server and client may both show it. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** Both in one file. */
  readonly both: string;
}

export function createCertificate(folder: string): Certificate {
  const [cert, key, both] = ['cert', 'key', 'both'].map((name) => join(folder, name));
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  execFileSync(
    'openssl',
    `req -x509 -newkey rsa:2048 -nodes -keyout ${key} -out ${cert} -days 2 -subj /CN=localhost -addext ${names}`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  );
  writeFileSync(both!, `${readFileSync(cert!, 'utf8')}${readFileSync(key!, 'utf8')}`);
  return { cert: cert!, key: key!, both: both! };
}

/** A server's options: it takes nobody who doesn't show that certificate. */
export function toTlsServer({ cert, key }: Certificate) {
  const [certificate, privateKey] = [readFileSync(cert), readFileSync(key)];
  return {
    key: privateKey,
    cert: certificate,
    ca: certificate,
    requestCert: true,
    rejectUnauthorized: true,
  };
}
