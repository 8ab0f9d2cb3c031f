const { isNativeError } = require("node:util/types");
const { TestEnvironment } = require("jest-environment-node");

/** Leaves out two slow things that a synthesis does, which no unit test looks at. */
class SynthesisEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    // cdktf asks the shell several times for `terraform version`, and `echo` is a builtin of the shell.
    this.global.process.env.TERRAFORM_BINARY_NAME = "echo Terraform v1.11.4";

    // cdktf keeps the stack of calls with every token, and jest looks up the source of each line of it.
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = (error, calls) => (isNativeError(error) ? prepareStackTrace(error, calls) : "");
  }
}

module.exports = SynthesisEnvironment;
