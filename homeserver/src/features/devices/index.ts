export { devicesRoutes } from './devices.routes.ts';
export { Devices, type DevicesDeps } from './devices.service.ts';
