const childProcess = require("node:child_process");
const { isNativeError } = require("node:util/types");
const { TestEnvironment } = require("jest-environment-node");

// A name of Terraform that no shell knows.
const TERRAFORM = "terraform-of-unit-tests";
const { execSync } = childProcess;

/** Leaves out two slow things that a synthesis does, which no unit test looks at. */
class SynthesisEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    // cdktf asks a shell several times for `terraform version`: a quarter of the time of all unit tests.
    this.global.process.env.TERRAFORM_BINARY_NAME = TERRAFORM;
    childProcess.execSync = (command, options) =>
      command.startsWith(`${TERRAFORM} `) ? Buffer.from("Terraform v1.11.4") : execSync(command, options);

    // cdktf keeps the stack of calls with every token, and jest looks up the source of each line of it.
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = (error, calls) => (isNativeError(error) ? prepareStackTrace(error, calls) : "");
  }
}

module.exports = SynthesisEnvironment;
