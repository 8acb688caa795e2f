export { DeviceLists, type DeviceUpdate } from './device-lists.service.ts';
export { deviceListsStore } from './device-lists.store.ts';
export { deviceListsPart } from './device-lists.sync.ts';
export { ListNews } from './list-news.service.ts';
export { type KnownList, RemoteLists } from './remote-lists.service.ts';
export { Roommates } from './roommates.service.ts';
