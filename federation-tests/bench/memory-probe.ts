// Preloaded into a homeserver's process by `ServerProcess.start({ isWeighed: true })`: tells whoever started it what is in use,
// rubbish put out first. Nothing of the server knows of it.
process.channel?.unref();
process.on('message', (asked) => {
  if (asked !== 'memory') return;
  globalThis.gc?.();
  globalThis.gc?.();
  process.send?.(process.memoryUsage());
});
