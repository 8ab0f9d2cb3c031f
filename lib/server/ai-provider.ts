import { ValidationError } from "../values/errors";

// MLflow calls these with its own client, which does not block a worker, at the host of an https `api_base`. The
// exception is Bedrock: AWS's client calls it in its own threads, at the host of a region.
const OWN_CLIENT = [
  ...["anthropic", "azure", "deepseek", "gemini", "groq", "mistral", "ollama", "openai", "openrouter", "portkey"],
  ...["amazon-bedrock", "bedrock", "typesafe", "xai"],
];
// MLflow logs in to these first, with clients that block its event loop.
const LOGS_IN = ["databricks", "databricks-model-serving", "vertex_ai"];

/** A provider of language models: its name in MLflow, and the hosts that MLflow must reach for it. */
export class AiProvider {
  /** OpenAI, at `api.openai.com`. */
  public static openai(): AiProvider {
    return new AiProvider("openai", ["api.openai.com"]);
  }

  /** Anthropic, at `api.anthropic.com`. */
  public static anthropic(): AiProvider {
    return new AiProvider("anthropic", ["api.anthropic.com"]);
  }

  /** Google's Gemini, at `generativelanguage.googleapis.com`. */
  public static gemini(): AiProvider {
    return new AiProvider("gemini", ["generativelanguage.googleapis.com"]);
  }

  /** Mistral, at `api.mistral.ai`. */
  public static mistral(): AiProvider {
    return new AiProvider("mistral", ["api.mistral.ai"]);
  }

  /** Groq, at `api.groq.com`. */
  public static groq(): AiProvider {
    return new AiProvider("groq", ["api.groq.com"]);
  }

  /**
   * OpenAI's models on Azure.
   *
   * @param host host of the resource, such as `example.openai.azure.com`.
   */
  public static azure(host: string): AiProvider {
    return new AiProvider("azure", [host]);
  }

  /**
   * Amazon Bedrock with a Bedrock API key.
   *
   * @param region AWS region, such as `eu-central-1`.
   */
  public static bedrock(region: string): AiProvider {
    return new AiProvider("bedrock", [`bedrock-runtime.${region}.amazonaws.com`]);
  }

  /**
   * Another provider that MLflow calls with its own client (`deepseek`, `ollama`, `openrouter`, `portkey`, `typesafe`,
   * `xai`), or one of the above at another host, such as your own server that speaks OpenAI's protocol:
   * `AiProvider.at("openai", ["llm.example.com"])`. Many providers speak it.
   *
   * Others are refused, because their calls cannot be limited to the named hosts: `vertex_ai` and `databricks` log in
   * at another address, and block a worker meanwhile; MLflow passes the rest to LiteLLM.
   *
   * @param name name of the provider in MLflow.
   * @param hosts hosts as in `EgressOptions.hosts`. MLflow reaches them by TLS only.
   * @throws ValidationError when the provider is not one of these.
   */
  public static at(name: string, hosts: string[]): AiProvider {
    return new AiProvider(name, hosts);
  }

  private constructor(
    /** Name of the provider in MLflow. */
    public readonly name: string,

    /** Hosts that MLflow must reach for it. */
    public readonly hosts: string[],
  ) {
    if (!/^[a-z0-9][a-z0-9_-]*$/.test(name)) {
      throw new ValidationError(
        "AiProvider",
        `a provider must have its name in MLflow, such as 'openai' or 'openrouter', got: '${name}'`,
      );
    }
    if (!OWN_CLIENT.includes(name)) {
      const reason = LOGS_IN.includes(name)
        ? "the address at which MLflow logs in cannot be limited to the named hosts, and logging in holds up a worker"
        : "MLflow hands what it does not know itself to LiteLLM, whose calls cannot be limited to the named hosts";
      throw new ValidationError(
        "AiProviderUnlimited",
        `a provider must not be '${name}': ${reason}; use one of ${OWN_CLIENT.map((own) => `'${own}'`).join(", ")}, such as AiProvider.at("openai", [host]) for a host that speaks OpenAI's protocol`,
      );
    }
  }
}
