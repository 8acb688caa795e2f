import { count, flag, section, texts } from '../kinds.ts';

export const websockets = section('WebSockets, over which clients that know how follow and ask (docs/websocket.md).', {
  enabled: flag(true, 'Off: they are neither announced nor served, and everybody uses long polls.'),
  max_sockets: count(20_000, 'How many may be open in all.'),
  max_sockets_per_user: count(20, 'How many each user may have open.', 1),
  max_sockets_per_address: count(1_000, 'How many may come from one address: people behind one router share one.', 1),
  max_requests: count(32, 'How many requests may be under way over one socket at a time.', 1),
  auth_timeout_ms: count(10_000, 'A socket that has not said by then whose it is is closed.', 1),
  ping_interval_ms: count(30_000, 'How often each is pinged; twice as long without an answer, and it is closed.', 1000),
  slow_client_ms: count(60_000, 'A client that leaves what it is told unread for so long is closed.', 1000),
  compress_from_bytes: count(4_096, 'Messages from this size on are compressed if the client can do that; 0: none.'),
  allowed_origins: texts(
    'When not empty: the only origins of web pages that may open one. Other programs always may.',
    [],
    ['https://app.example.org'],
  ),
});
