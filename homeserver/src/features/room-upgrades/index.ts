export { RoomUpgrades, type RoomUpgradesDeps } from './room-upgrades.service.ts';
export { roomUpgradesRoutes } from './room-upgrades.routes.ts';
export { SettingsTransfer, type SettingsTransferDeps } from './settings-transfer.service.ts';
