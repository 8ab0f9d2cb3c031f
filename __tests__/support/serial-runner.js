const { default: TestRunner } = require("jest-runner");

/** Runs the files of a project one after another, while nothing else runs. */
module.exports = class SerialRunner extends TestRunner {
  isSerial = true;
};
