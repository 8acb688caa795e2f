/** Why pictures cannot be made small here, as far as that shows without trying. */
export const decoderMissing = (platform: string, arch: string): string | undefined => {
  const builds = [`${platform}-${arch}`, `${platform}musl-${arch}`, `${platform}-wasm32`];
  return builds.some((build) => isThere(`@img/sharp-${build}/sharp.node`))
    ? undefined
    : `the package sharp is not installed for ${platform} on ${arch}`;
};

const isThere = (name: string): boolean => {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
};
