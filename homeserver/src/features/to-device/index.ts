export { toDeviceRoutes } from './to-device.routes.ts';
export { ToDevice, type ToDeviceDeps } from './to-device.service.ts';
export { toDevicePart } from './to-device.sync.ts';
