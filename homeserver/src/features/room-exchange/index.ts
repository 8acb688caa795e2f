export { roomExchangeRoutes } from './room-exchange.routes.ts';
export { RoomExchange, type RoomExchangeDeps, wireText } from './room-exchange.service.ts';
