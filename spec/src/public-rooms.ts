import { Type } from '@sinclair/typebox';
import { text } from './text.ts';

/** What clients and servers narrow a list of published rooms by. */
export const publicRoomsFilter = {
  filter: Type.Optional(
    Type.Object({
      generic_search_term: Type.Optional(text(1_000)),
      /** `null` is for rooms without a type. */
      room_types: Type.Optional(Type.Array(Type.Union([text(255), Type.Null()]), { maxItems: 100 })),
    }),
  ),
  include_all_networks: Type.Optional(Type.Boolean()),
  third_party_instance_id: Type.Optional(text(1_000)),
};
