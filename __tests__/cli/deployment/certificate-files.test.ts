import { X509Certificate } from "node:crypto";
import { SynthesizedStack } from "../../../cli/app/synthesized-stack";
import { requireGoodCertificates, warnOfCertificates } from "../../../cli/deployment/certificate-files";
import { Secret, Tls } from "../../../lib";
import { makePair } from "../../support/servers/certificate";
import { mlflowStack, synth } from "../../support/stacks/synth";

const DAY = 86_400_000;
const HOST = "mlflow.example.com";

describe("A given certificate", () => {
  const pair = makePair(HOST);
  const other = makePair(HOST);
  const stackOf = ({ certificate }: { certificate: string }) => {
    const tls = Tls.certificate({ certificate, privateKey: Secret.variable("tls_key") });
    return new SynthesizedStack(synth(mlflowStack({ url: `https://${HOST}`, gateway: { tls } })), ".");
  };
  const end = Date.parse(new X509Certificate(pair.certificate).validTo);
  let said: string[];

  beforeEach(() => {
    said = [];
    jest.spyOn(console, "error").mockImplementation((line: string) => void said.push(line));
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  test("is warned of from 30 days before its end, and refused after it", () => {
    const stack = stackOf(pair);
    for (const days of [31, 10, -1]) {
      jest.useFakeTimers({ now: end - days * DAY - 1 });
      warnOfCertificates(stack);
    }
    expect(said).toEqual([
      expect.stringMatching(/^Warning: the certificate of mlflow-gateway expires in 10 days, on \d{4}-\d\d-\d\d\.$/),
      expect.stringMatching(/^Warning: the certificate of mlflow-gateway has expired on \d{4}-\d\d-\d\d\.$/),
    ]);
    expect(() => requireGoodCertificates(stack, {})).toThrow(
      /^the certificate of mlflow-gateway has expired on \d{4}-\d\d-\d\d: no client would accept it$/,
    );
  });

  test.each([
    ["its own key", pair.privateKey, undefined],
    ["a key that Terraform alone knows", undefined, undefined],
    [
      "another one's key",
      other.privateKey,
      "the private key of mlflow-gateway, in TF_VAR_tls_key, is not that of its certificate",
    ],
    [
      "no key",
      "secret of a test",
      "the private key of mlflow-gateway, in TF_VAR_tls_key, is not that of its certificate",
    ],
  ])("with %s", (_what, key, message) => {
    const check = () => requireGoodCertificates(stackOf(pair), { TF_VAR_tls_key: key });

    if (message === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(new Error(message));
  });
});
