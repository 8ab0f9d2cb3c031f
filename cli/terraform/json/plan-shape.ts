import { isObject } from "../../console/parse-json";

type Check = (value: unknown) => boolean;

/** The first part of a plan that has not the shape that Terraform documents; undefined if all have it. */
export function misshapen(document: { readonly [name: string]: unknown }): string | undefined {
  return Object.entries(PARTS).find(([name, check]) => !optional(check)(document[name]))?.[0];
}

const isText: Check = (value) => typeof value === "string";

function optional(check: Check): Check {
  return (value) => value === undefined || value === null || check(value);
}

function list(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

function map(check: Check): Check {
  return (value) => isObject(value) && Object.values(value).every(check);
}

function record(members: { readonly [name: string]: Check }): Check {
  return (value) => isObject(value) && Object.entries(members).every(([name, check]) => check(value[name]));
}

const isChange = record({
  address: isText,
  type: isText,
  previous_address: optional(isText),
  change: record({
    actions: list(isText),
    before: optional(isObject),
    after: optional(isObject),
    importing: optional(isObject),
  }),
});

const isModuleState: Check = (value) =>
  record({
    resources: optional(
      list(record({ address: isText, type: isText, values: optional(isObject), depends_on: optional(list(isText)) })),
    ),
    child_modules: optional(list(isModuleState)),
  })(value);

const isModule: Check = (value) =>
  record({
    resources: optional(
      list(record({ address: isText, expressions: optional(isObject), depends_on: optional(list(isText)) })),
    ),
    variables: optional(map(isObject)),
    module_calls: optional(map(record({ module: optional(isModule) }))),
  })(value);

const isTrigger = record({ triggering_resource_address: optional(isText) });
const isNamed = record({ to_display: optional(isText) });
const isProblems = list(record({ message: optional(isText) }));

const PARTS: { readonly [name: string]: Check } = {
  resource_changes: list(isChange),
  resource_drift: list(isChange),
  action_invocations: list(
    record({
      address: isText,
      type: isText,
      config_values: optional(isObject),
      lifecycle_action_trigger: optional(isTrigger),
    }),
  ),
  checks: list(
    record({
      address: isNamed,
      status: isText,
      instances: optional(list(record({ address: optional(isNamed), status: isText, problems: optional(isProblems) }))),
    }),
  ),
  output_changes: map(record({ actions: list(isText) })),
  variables: map(isObject),
  configuration: record({ root_module: optional(isModule) }),
  prior_state: record({ values: optional(record({ root_module: optional(isModuleState) })) }),
};
