import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Log } from './log.ts';

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Reads a certificate and its key. Throws where they do not fit each other, so that a bad pair is never used. */
export const readCertificate = ({ certificate, key }: CertificateFiles): { cert: Buffer; key: Buffer } => {
  const pair = { cert: readFileSync(certificate), key: readFileSync(key) };
  createSecureContext(pair);
  return pair;
};

/** Half a minute is soon enough for a renewal; polling also sees the links that certbot swaps. */
const LOOK_EVERY_MS = 30_000;

/** Gives the server a renewed certificate without a restart. New connections get it; old ones stay as they are. */
export const followCertificate = (
  server: Pick<Server, 'setSecureContext'>,
  files: CertificateFiles,
  { log, lookEveryMs = LOOK_EVERY_MS }: { log: Log; lookEveryMs?: number },
): Disposable => {
  const names = [files.certificate, files.key];
  const reread = (): void => {
    try {
      server.setSecureContext({ ...readCertificate(files), minVersion: 'TLSv1.2' });
      log.info('certificate read again', { ...files });
    } catch (err) {
      // Half of the pair may have been written so far; the other half brings us here again.
      log.warn('certificate not usable, the old one stays', { ...files, err });
    }
  };
  for (const name of names) watchFile(name, { interval: lookEveryMs, persistent: false }, reread);
  return {
    [Symbol.dispose]() {
      for (const name of names) unwatchFile(name, reread);
    },
  };
};
