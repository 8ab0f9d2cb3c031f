/** Closes a run with its counts, alone on a line, for whatever reads only the end of a log. */
class CountReporter {
  onRunComplete(_contexts, results) {
    const broken = results.testResults.filter(({ testExecError }) => testExecError).length;
    this.line = `${results.numPassedTests} passed, ${results.numFailedTests + broken} failed`;
    process.once("exit", () => process.stdout.write(`${this.line}\n`));
  }
}

module.exports = CountReporter;
