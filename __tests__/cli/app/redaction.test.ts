import { Redaction } from "../../../cli/app/redaction";
import { spellings } from "../../support/plans/spellings";

describe("Redaction of an environment", () => {
  test("removes the value of every name that means a secret, and the password in DB_URL", () => {
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

  test("removes the escaped form in JSON", () => {
    expect(Redaction.ofEnvironment({ AUTH_PASSWORD: 'a"quoted\\one' }).apply('{"x":"a\\"quoted\\\\one"}')).toBe(
      '{"x":"(secret)"}',
    );
  });

  test("removes the longer of two secrets first, and keeps short words", () => {
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

  test("finds each line of a secret with several lines", () => {
    const key = "-----BEGIN KEY-----\nMIIBVgIBADANBgkq\n-----END KEY-----\n";

    expect(new Redaction([key]).apply("bad line: MIIBVgIBADANBgkq")).toBe("bad line: (secret)");
  });

  test("removes the longer of two secrets that begin alike, and both if they follow each other", () => {
    const redaction = new Redaction(["abcdefgh", "abcdefghij"]);

    expect(redaction.check("abcdefghij abcdefgh abcdefghabcdefghij")).toEqual({
      text: "(secret) (secret) (secret)(secret)",
      found: 4,
    });
  });

  test("keeps a text without secrets", () => {
    expect(new Redaction([value]).check("nothing here")).toEqual({ text: "nothing here", found: 0 });
  });
});
