import { AiProvider } from "../../../lib";
import { container, mlflowStack } from "../../support/stacks/synth";

describe("AiProvider", () => {
  test.each([
    ["openai", "api.openai.com", AiProvider.openai()],
    ["anthropic", "api.anthropic.com", AiProvider.anthropic()],
    ["gemini", "generativelanguage.googleapis.com", AiProvider.gemini()],
    ["mistral", "api.mistral.ai", AiProvider.mistral()],
    ["groq", "api.groq.com", AiProvider.groq()],
    ["azure", "example.openai.azure.com", AiProvider.azure("example.openai.azure.com")],
    ["bedrock", "bedrock-runtime.eu-central-1.amazonaws.com", AiProvider.bedrock("eu-central-1")],
  ])("of %s opens the egress proxy to %s", (name, host, provider) => {
    const stack = mlflowStack({ server: { features: { aiGateway: { providers: [provider] } } } });

    expect(provider.name).toBe(name);
    expect(JSON.stringify(container(stack, "server_egress_C9E3FD24"))).toContain(host);
  });

  test.each(["openai", "openrouter", "ollama", "deepseek", "xai", "portkey", "amazon-bedrock"])(
    "takes '%s', which MLflow asks at the hosts that are named",
    (name) => {
      expect(AiProvider.at(name, ["llm.example.com"])).toMatchObject({ name, hosts: ["llm.example.com"] });
    },
  );

  test.each(["vertex_ai", "databricks", "databricks-model-serving"])(
    "refuses '%s', whose login is not limited to the hosts that are named and holds up a worker",
    (name) => {
      expect(() => AiProvider.at(name, ["llm.example.com"])).toThrow(
        `a provider must not be '${name}': the address at which MLflow logs in cannot be limited to the named hosts, and logging in holds up a worker; use one of 'anthropic', `,
      );
      expect(() => AiProvider.at(name, ["llm.example.com"])).toThrow(
        `such as AiProvider.at("openai", [host]) for a host that speaks OpenAI's protocol`,
      );
    },
  );

  test.each(["litellm", "cohere", "togetherai", "sap-ai-core", "of-my-own"])(
    "refuses '%s', which MLflow hands to LiteLLM",
    (name) => {
      expect(() => AiProvider.at(name, ["llm.example.com"])).toThrow(
        `a provider must not be '${name}': MLflow hands what it does not know itself to LiteLLM, whose calls cannot be limited to the named hosts; use one of 'anthropic', `,
      );
    },
  );

  test("refuses an invalid name of a provider", () => {
    expect(() => AiProvider.at("Open AI", ["llm.example.com"])).toThrow(
      "a provider must have its name in MLflow, such as 'openai' or 'openrouter', got: 'Open AI'",
    );
  });
});
