export { roomExchangeRoutes } from './room-exchange.routes.ts';
export { RoomExchange, type RoomExchangeDeps, wireText } from './room-exchange.service.ts';
export { type EventList, StateTexts } from './state-texts.service.ts';
