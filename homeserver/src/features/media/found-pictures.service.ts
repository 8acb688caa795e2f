import type { ServerName } from '@holm/spec/ids';
import type { Mxc } from '@holm/spec/media';
import type { Clock } from '../../platform/clock.ts';
import { type Entropy, token } from '../../platform/entropy.ts';
import type { Files } from './files.service.ts';
import type { MediaFolder } from './media-folder.ts';
import { mediaStore as store } from './media.store.ts';
import { pictureKind } from './pictures/kind.ts';
import { type PictureProcesses, TooBusyError } from './pictures/processes.ts';
import type { Size } from './pictures/sizes.ts';
import type { MediaSettings } from './settings.ts';

export interface FoundPicturesDeps {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly serverName: ServerName;
  readonly settings: MediaSettings;
  readonly files: Files;
  readonly folder: MediaFolder;
  readonly processes: Pick<PictureProcesses, 'run'>;
}

export interface FoundPicture extends Mxc {
  readonly bytes: number;
  readonly contentType: string;
  /** `undefined` where it could not be measured. */
  readonly size: Size | undefined;
}

const ID_LENGTH = 24;

/** Pictures that this server itself has found somewhere. They go as those of other servers do. */
export class FoundPictures {
  readonly #deps: FoundPicturesDeps;

  constructor(deps: FoundPicturesDeps) {
    this.#deps = deps;
  }

  /** `undefined` for what is no picture. */
  async keep(content: AsyncIterable<Buffer>): Promise<FoundPicture | undefined> {
    const { clock, entropy, serverName, settings, files, folder } = this.#deps;
    await using draft = await files.receive(content);
    const contentType = pictureKind(await folder.headOf(draft.path));
    if (!contentType) return undefined;
    const job = { source: draft.path, kind: contentType, maxPixels: settings.max_picture_pixels };
    const measured = await this.#measured(job);
    const mxc = { serverName, mediaId: token(entropy, ID_LENGTH) };
    const { allow_unauthenticated: isOpen } = settings;
    const described = { contentType, filename: undefined, uploader: undefined, now: clock.now(), isOpen };
    await files.keep(draft, (tx) => store.put(tx, { ...mxc, ...described, hash: draft.hash }));
    return { ...mxc, bytes: draft.size, contentType, size: measured };
  }

  async #measured(job: Parameters<PictureProcesses['run']>[0]): Promise<Size | undefined> {
    try {
      const answer = await this.#deps.processes.run(job);
      return answer.outcome === 'as it is' ? answer.size : undefined;
    } catch (error) {
      if (error instanceof TooBusyError) return undefined;
      throw error;
    }
  }
}
