import { Redaction } from "../../../cli/app/redaction";
import { spellings } from "../../support/plans/spellings";

describe("Redaction of an environment", () => {
  test("takes out secrets of every name that says so, and the password in DB_URL", () => {
    const redaction = Redaction.ofEnvironment({
      AUTH_PASSWORD: "it's quite secret",
      AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI",
      TF_VAR_anything: "some value",
      DB_URL: "postgresql://mlflow:p%40ss%25word@db.example.com/mlflow",
      MLFLOW_URL: "https://mlflow.example.com",
    });

    const text = "it's quite secret wJalrXUtnFEMI some value p@ss%word p%40ss%25word https://mlflow.example.com";
    expect(redaction.apply(text)).toBe("(secret) (secret) (secret) (secret) (secret) https://mlflow.example.com");
  });

  test("takes out the escaped form that JSON has", () => {
    expect(Redaction.ofEnvironment({ AUTH_PASSWORD: 'a"quoted\\one' }).apply('{"x":"a\\"quoted\\\\one"}')).toBe(
      '{"x":"(secret)"}',
    );
  });

  test("takes out the longer of two secrets first, and leaves short words alone", () => {
    const redaction = Redaction.ofEnvironment({ A_PASSWORD: "secret", B_PASSWORD: "secret-and-more", C_TOKEN: "on" });

    expect(redaction.apply("secret-and-more on")).toBe("(secret) on");
  });
});

describe("Redaction of given secrets", () => {
  const value = `p<ss&w"rd's/+ü 8`;

  test.each(spellings(value))("finds a secret as $how", (spelling) => {
    const { text, found } = new Redaction([value]).check(`before ${spelling.printed} after`);

    expect(found).toBe(1);
    expect(text).toMatch(/^before .*\(secret\).* after$/);
    expect(text).not.toContain(spelling.core);
  });

  test("finds the lines of one that has several", () => {
    const key = "-----BEGIN KEY-----\nMIIBVgIBADANBgkq\n-----END KEY-----\n";

    expect(new Redaction([key]).apply("bad line: MIIBVgIBADANBgkq")).toBe("bad line: (secret)");
  });

  test("takes out the longer of two secrets that begin alike, and both where they follow each other", () => {
    const redaction = new Redaction(["abcdefgh", "abcdefghij"]);

    expect(redaction.check("abcdefghij abcdefgh abcdefghabcdefghij")).toEqual({
      text: "(secret) (secret) (secret)(secret)",
      found: 4,
    });
  });

  test("leaves a text alone that has none", () => {
    expect(new Redaction([value]).check("nothing here")).toEqual({ text: "nothing here", found: 0 });
  });
});
