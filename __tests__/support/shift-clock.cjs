// Preloaded with --require: the program believes that it is 400 days later.
const now = Date.now;
const SHIFT = 400 * 24 * 3_600_000;
Date.now = () => now() + SHIFT;
globalThis.Date = class extends Date {
  constructor(...args) {
    super(...(args.length > 0 ? args : [now() + SHIFT]));
  }
};
