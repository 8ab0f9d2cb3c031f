/** Sets variables for the tests of this `describe`, and puts back what was there. */
export function withEnvironment(variables: { readonly [name: string]: string }): void {
  const before = { ...process.env };
  beforeAll(() => Object.assign(process.env, variables));
  afterAll(() => {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });
}
