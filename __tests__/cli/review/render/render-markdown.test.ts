import { render } from "../../../../cli/review/render/render";
import { renderMarkdown } from "../../../../cli/review/render/render-markdown";
import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import { PlanBuilder, ourContainer, upload } from "../../../support/plans/plan-builder";

const HOSTILE = "`` @octocat <img src=x onerror=alert(1)> </details> | # ![](http://x) --> \u001b[31m \u202e\n- [x]";

/** A comment without its code, in which GitHub reads no markup. */
function withoutCode(markdown: string): string {
  return markdown
    .replaceAll(/^(`{3,})diff\n[\s\S]*?\n\1$/gm, "")
    .replaceAll(/<code>[^<>`]*<\/code>/g, "")
    .replaceAll(/(`+)(?!`)(?:[\s\S]*?[^`])\1(?!`)/g, "");
}

describe("A comment", () => {
  test("begins with its mark, and has its details folded", () => {
    const plan = new PlanBuilder()
      .resource(
        "docker_container.web",
        ourContainer("mlflow-web", { upload: [upload("/etc/caddy/Caddyfile", "one\n")], env: ["A=1"] }),
        ourContainer("mlflow-web", { upload: [upload("/etc/caddy/Caddyfile", "two\n")], env: ["A=2"] }),
      )
      .build();

    expect(renderMarkdown(reviewPlan(plan, "mlflow"))).toMatchSnapshot();
  });

  test("has a mark that is one comment, with any name of the stack", () => {
    const [mark] = renderMarkdown(reviewPlan(new PlanBuilder().build(), "a--> <b>")).split("\n");

    expect(mark).toBe("<!-- mlflow-stack review: a-___b_ -->");
  });

  test("shows hostile names unchanged, and never as markup", () => {
    const file = (line: string) => ({ upload: [upload("/etc/caddy/Caddyfile", `${line}\n\`\`\`\`\n${HOSTILE}\n`)] });
    const plan = new PlanBuilder()
      .resource(
        "docker_container.web",
        ourContainer(HOSTILE, { ...file("a"), env: [`${HOSTILE}=1`], labels: [HOSTILE] }),
        ourContainer(HOSTILE, { ...file("b"), env: [`${HOSTILE}=2`], labels: [`${HOSTILE}2`] }),
      )
      .resource(`aws_thing.x["${HOSTILE}"]`, null, {})
      .resource("docker_volume.data", { name: HOSTILE }, null)
      .drift("docker_network.n", { name: HOSTILE }, null)
      .build();
    const markdown = render(reviewPlan(plan, "mlflow"), "markdown", []);

    const outside = withoutCode(markdown);
    expect(outside).not.toMatch(/octocat|<img|onerror|!\[|\[x\]/);
    expect(outside.match(/<\/?details>/g)?.length).toBe(2 * (outside.match(/<details>/g)?.length ?? 0));

    expect(markdown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e]/);
    expect(markdown).toContain("\\u001b[31m \\u202e\\n- [x]");
  });

  test("stays below GitHub's limit: it leaves out diffs first, then settings, and never an action", () => {
    const long = (sign: string) => Array.from({ length: 400 }, (_, line) => `${sign} line ${line}`).join("\n");
    const builder = new PlanBuilder();
    for (let index = 0; index < 40; index += 1) {
      const values = (sign: string) => ({
        upload: [upload("/etc/app.conf", long(`${sign}${index}`))],
        env: [`A=${sign}`],
      });
      builder.resource(
        `docker_container.c${index}`,
        ourContainer(`c${index}`, values("a")),
        ourContainer(`c${index}`, values("b")),
      );
    }
    const markdown = renderMarkdown(reviewPlan(builder.build(), "mlflow"));

    expect(markdown.length).toBeLessThanOrEqual(65_000);
    expect(markdown).toContain("(the diff is left out)");
    expect(markdown).toContain("The plan is too large for a comment: some details are left out here.");
    expect(markdown).toContain("- `A`: `a` → `b`");
    for (let index = 0; index < 40; index += 1)
      expect(markdown).toContain(`- \`c${index}\` is replaced by a new container`);
  });

  test("has the same diff once, and a short one of what nobody has checked outside of the folds", () => {
    const lines = (count: number, sign: string) => Array.from({ length: count }, () => sign).join("\n");
    const sides = (count: number) =>
      ["a", "b"].map((sign) => ({ upload: [upload("/etc/app.conf", lines(count, sign))] }) as const);
    const comment = (count: number) => {
      const builder = new PlanBuilder();
      const [before, after] = sides(count);
      for (const name of ["one", "two"])
        builder.resource(`docker_container.${name}`, ourContainer(name, before), ourContainer(name, after));
      return renderMarkdown(reviewPlan(builder.build(), "t"));
    };

    expect(comment(30).split("```diff")).toHaveLength(2);
    expect(comment(30)).toContain("30 lines removed, see above in `one`");
    expect(comment(30).indexOf("```diff")).toBeGreaterThan(comment(30).indexOf("<details>"));
    expect(comment(3).indexOf("```diff")).toBeLessThan(comment(3).indexOf("<details>"));
    expect(comment(3)).toContain("3 lines removed, see above");
  });

  test("of thousands of lost volumes has their number in its first lines", () => {
    const builder = new PlanBuilder();
    for (let index = 0; index < 5000; index += 1) {
      builder.resource(`docker_volume.v${index}`, { name: `volume-${index}-${"x".repeat(300)}` }, null);
    }
    const markdown = renderMarkdown(reviewPlan(builder.build(), "mlflow"));

    expect(markdown.length).toBeLessThanOrEqual(65_000);
    expect(markdown.split("\n").slice(0, 6).join("\n")).toContain("Data is lost: ");
    expect(markdown).toContain("4,995 more");
  });
});
