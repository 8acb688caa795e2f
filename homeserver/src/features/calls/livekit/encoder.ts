import {
  ParticipantUpdate,
  SignalResponse,
  SpeakerInfo,
  SpeakersChanged,
  type SpeakersChanged as SpeakersChangedMessage,
} from '@livekit/protocol';
import type { Person, Speaker } from '../sfu/events.ts';
import { participantInfo } from './translate.ts';

export type Outgoing = NonNullable<ConstructorParameters<typeof SignalResponse>[0]>['message'];

export const encoded = (message: Outgoing): Uint8Array => new SignalResponse(message ? { message } : {}).toBinary();

/** Writes once what everybody in a call is told. */
export class Encoder {
  readonly #participants = new WeakMap<Person, { readonly version: string; readonly bytes: Uint8Array }>();
  readonly #speakers = new WeakMap<readonly Speaker[], Uint8Array>();

  participant(who: Person): Uint8Array {
    const version = `${who.version} ${who.isClosed}`;
    const kept = this.#participants.get(who);
    if (kept?.version === version) return kept.bytes;
    const bytes = encoded({ case: 'update', value: new ParticipantUpdate({ participants: [participantInfo(who)] }) });
    this.#participants.set(who, { version, bytes });
    return bytes;
  }

  speakers(speakers: readonly Speaker[]): Uint8Array {
    const kept = this.#speakers.get(speakers);
    if (kept) return kept;
    const bytes = encoded({ case: 'speakersChanged', value: speakersChanged(speakers) });
    this.#speakers.set(speakers, bytes);
    return bytes;
  }
}

const speakersChanged = (speakers: readonly Speaker[]): SpeakersChangedMessage =>
  new SpeakersChanged({
    speakers: speakers.map(
      ({ participant, level }) => new SpeakerInfo({ sid: participant.id, level, active: level > 0 }),
    ),
  });
