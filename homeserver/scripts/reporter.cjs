// Mocha's spec reporter, and as the last line the two numbers that CI reads.
const { writeFileSync } = require('node:fs');
const { Runner, reporters } = require('mocha');

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures } = runner.stats;
      const line = `${passes} passed, ${failures} failed`;
      const file = options.reporterOption?.resultFile;
      if (file !== undefined) writeFileSync(file, `${line}\n`);
      else console.log(line);
    });
  }
};
