export { keyBackupRoutes } from './key-backup.routes.ts';
export { KeyBackups } from './key-backup.service.ts';
