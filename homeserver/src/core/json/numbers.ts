const PLAIN_INTEGER = /^(?:0|-?[1-9]\d{0,15})$/;

/** Whether a number is written as canonical JSON writes it. */
export const isPlainInteger = (source: string): boolean =>
  PLAIN_INTEGER.test(source) && Number.isSafeInteger(Number(source));

/**
 * A number as Python's `json` module prints it again, whose output the hashes in room versions 1-5 are made of:
 * literals without fraction and exponent are integers of any size, all others are floats. Undefined for what has no JSON.
 */
export const printNumberSource = (source: string): string | undefined => {
  if (/^-?\d+$/.test(source)) return source === '-0' ? '0' : source;
  return printFloat(Number(source));
};

/** The same for a number whose text is not known: whole ones were integers. */
export const printNumber = (value: number): string | undefined =>
  Number.isInteger(value) ? BigInt(value).toString() : printFloat(value);

/** Python's `repr` of a float: the shortest digits, with an exponent below 1e-4 and from 1e16 on. */
const printFloat = (value: number): string | undefined => {
  if (!Number.isFinite(value)) return undefined;
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e16)) {
    const digits = String(value);
    return digits.includes('.') ? digits : `${digits}.0`;
  }
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${mantissa}e${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`;
};
