import boundaries from "eslint-plugin-boundaries";
import tseslint from "typescript-eslint";
import { ROOMS } from "./rooms.mjs";

const bareErrors = {
  selector: "ThrowStatement > NewExpression[callee.name='Error']",
  message: "throw a ValidationError: it has a code, and names the construct.",
};
const foreignClasses = {
  selector:
    "BinaryExpression[operator='instanceof'] > Identifier.right[name=/^(Terraform|Docker|Container$|Image$|Volume$|Network$)/]",
  message: "a second copy of cdktf has other classes: use its isX() checks.",
};

const dockerTypes = {
  selector: ":matches(Literal[value=/^docker_/], TemplateElement[value.raw=/^docker_/])",
  message: "only the networks, and the checks of the guard, know Docker's resources.",
};

/** Forbids imports that match `regex`. */
const forbid = (regex, message) => ["error", { patterns: [{ regex, message }] }];

export default tseslint.config(
  {
    ignores: [
      "dist/",
      "docs/html/",
      "cdktf.out/",
      "node_modules/",
      "**/*.js",
      "**/*.mjs",
      "!rooms.mjs",
      "!__tests__/support/interrupted/programs.mjs",
      "!eslint.config.mjs",
    ],
  },
  ...tseslint.configs.recommended,
  {
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-empty-function": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-warning-comments": ["error", { terms: ["todo", "fixme", "xxx"] }],
    },
  },
  {
    files: ["lib/**/*.ts", "cli/**/*.ts"],
    plugins: { boundaries },
    settings: {
      "import/resolver": { typescript: true },
      "boundaries/elements": ROOMS.map((room) => ({ type: room, pattern: room })),
    },
    rules: {
      "boundaries/dependencies": [
        "error",
        {
          default: "disallow",
          message: "a room imports only from the rooms before it in rooms.mjs.",
          policies: ROOMS.map((room, index) => ({
            from: { element: { type: room } },
            allow: { to: { element: { types: { anyOf: ROOMS.slice(0, index + 1) } } } },
          })),
        },
      ],
    },
  },
  {
    files: ["lib/**/*.ts"],
    rules: {
      "no-restricted-syntax": ["error", bareErrors, foreignClasses, dockerTypes],
      "no-restricted-imports": forbid(
        "^@cdktf/provider-docker/(?!lib/provider$)|/(cli|offline|bench|__tests__)(/|$)",
        "only the networks make Docker resources, and the library knows nothing of the command around it.",
      ),
    },
  },
  {
    files: ["lib/network/**/*.ts"],
    rules: {
      "no-restricted-imports": forbid(
        "/(cli|offline|bench|__tests__)(/|$)",
        "the library knows nothing of the command around it.",
      ),
    },
  },
  {
    // they read what was synthesized, and make nothing.
    files: ["lib/network/**/*.ts", "lib/guard/**/*.ts"],
    rules: { "no-restricted-syntax": ["error", bareErrors, foreignClasses] },
  },
  {
    files: ["cli/**/*.ts"],
    rules: {
      "no-restricted-imports": forbid(
        "^@cdktf/|^cdktf$|__tests__",
        "the command reads what was synthesized, it makes no resources.",
      ),
    },
  },
  {
    files: ["examples/**/*.ts"],
    rules: { "no-restricted-imports": forbid("^\\.\\./", "an example imports the package by its name.") },
  },
  {
    files: ["offline/**/*.ts"],
    rules: {
      "no-restricted-imports": forbid(
        "^@cdktf/|^cdktf$|/lib(?!/values/(package-folder|releases)$)|__tests__",
        "offline builds stand on their own.",
      ),
    },
  },
);
