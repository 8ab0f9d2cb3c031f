import { Evaluator, Lexer, Parser, data } from "@actions/expressions";

// Evaluates expressions of a workflow by GitHub's own evaluator. A program, because that is an ES module only.
const { expressions, github } = JSON.parse(process.argv[2] ?? "") as { expressions: string[]; github: object };

function dataOf(value: unknown): data.ExpressionData {
  if (typeof value === "string") return new data.StringData(value);
  if (typeof value === "number") return new data.NumberData(value);
  if (typeof value === "boolean") return new data.BooleanData(value);
  if (value === null || typeof value !== "object") return new data.Null();
  if (Array.isArray(value)) return new data.Array(...value.map(dataOf));
  return new data.Dictionary(...Object.entries(value).map(([key, item]) => ({ key, value: dataOf(item) })));
}

const context = dataOf({ github }) as data.Dictionary;
const results = expressions.map((expression) => {
  const { tokens } = new Lexer(expression).lex();
  return new Evaluator(new Parser(tokens, ["github"], []).parse(), context).evaluate().coerceString();
});
console.log(JSON.stringify(results));
