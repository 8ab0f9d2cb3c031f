import { readFileSync } from "node:fs";
import { NoOperationTraceWriter, convertWorkflowTemplate, parseWorkflow } from "@actions/workflow-parser";
import { convertActionTemplate, parseAction } from "@actions/workflow-parser/actions/index";

// Prints what GitHub's own parser says against workflows and actions. A program, because the parser is an ES module only.
async function problemsOf(name: string): Promise<string[]> {
  const file = { name, content: readFileSync(name, "utf8") };
  const trace = new NoOperationTraceWriter();
  const isAction = /action\.ya?ml$/.test(name);
  const { context, value } = (isAction ? parseAction : parseWorkflow)(file, trace);
  if (value && isAction) convertActionTemplate(context, value);
  if (value && !isAction) await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map((error) => error.message);
}

void Promise.all(process.argv.slice(2).map(problemsOf)).then((problems) =>
  console.log(JSON.stringify(problems.flat())),
);
