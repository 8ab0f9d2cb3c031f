import { mentionsSecret, namesSecret } from "../../../lib/secrets/secret-names";

describe("The name of a setting", () => {
  test.each(["DB_PASSWORD", "password", "API_KEY", "APIKEY", "AWS_SECRET_ACCESS_KEY", "TLS_PRIVATE_KEY", "GH_TOKEN"])(
    "says that the value is a secret: %s",
    (name) => {
      expect([namesSecret(name), mentionsSecret(name)]).toEqual([true, true]);
    },
  );

  test.each(["TOKEN_URL", "AWS_ACCESS_KEY_ID", "requirepass", "encryption_key"])(
    "speaks of a secret, which is enough to hide the value and not to refuse it: %s",
    (name) => {
      expect([namesSecret(name), mentionsSecret(name)]).toEqual([false, true]);
    },
  );

  test.each(["MLFLOW_URL", "HOSTNAME", "TOKYO"])("says nothing of a secret: %s", (name) => {
    expect([namesSecret(name), mentionsSecret(name)]).toEqual([false, false]);
  });
});
