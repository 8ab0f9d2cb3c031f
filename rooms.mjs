/**
 * The folders of the library and of the command, from the ground up: the code of a room imports only from its own room
 * and from those before it. CONTRIBUTING.md says what each is for; `npm run lint` holds the order.
 */
export const ROOMS = [
  "lib/contract",
  "lib/values",
  "lib/secrets",
  "lib/guard",
  "lib/network",
  "lib/caddy",
  "lib/stores",
  "lib/users",
  "lib/gateway/tls",
  "lib/gateway",
  "lib/server",
  "lib/stack",
  "lib/environment",

  "cli/console",
  "cli/app",
  "cli/docker",
  "cli/terraform/json",
  "cli/terraform",
  "cli/review/model",
  "cli/review/plan",
  "cli/review/secrets",
  "cli/review/access",
  "cli/review/findings",
  "cli/review/render",
  "cli/deployment",
  "cli/verify",
  "cli/pull-request",
  "cli/commands",
];
