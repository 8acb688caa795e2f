/** The Data Channel Establishment Protocol, RFC 8832: how one side tells the other which channel a stream is. */
interface Delivery {
  readonly ordered: boolean;
  readonly maxRetransmits?: number;
}

const OPEN = 3;
const HEADER_BYTES = 12;
const UNORDERED = 0x80;
const LIMITED_RETRANSMITS = 0x01;

/** https://www.rfc-editor.org/rfc/rfc8832#section-5.1 */
export const dcepOpen = (label: string, { ordered, maxRetransmits }: Delivery): Buffer => {
  const name = Buffer.from(label);
  const message = Buffer.alloc(HEADER_BYTES + name.length);
  message.writeUInt8(OPEN, 0);
  message.writeUInt8((ordered ? 0 : UNORDERED) | (maxRetransmits === undefined ? 0 : LIMITED_RETRANSMITS), 1);
  message.writeUInt32BE(maxRetransmits ?? 0, 4);
  message.writeUInt16BE(name.length, 8);
  name.copy(message, HEADER_BYTES);
  return message;
};

/** The label of the channel that a message opens; `undefined` for any other message. */
export const labelOfDcepOpen = (message: Buffer): string | undefined => {
  if (message.length < HEADER_BYTES || message.readUInt8(0) !== OPEN) return undefined;
  const end = HEADER_BYTES + message.readUInt16BE(8);
  return end > message.length ? undefined : message.toString('utf8', HEADER_BYTES, end);
};
