import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate for this machine that nobody has signed, as PEM files. */
export const selfSigned = async (folder: string): Promise<Certificate> => {
  const files = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-days', '2'];
  const out = ['-keyout', files.key, '-out', files.certificate];
  await promisify(execFile)('openssl', ['req', '-x509', ...curve, ...subject, ...out]);
  return files;
};
