import { ValidationError } from "./errors";

/** A provider of language models: its name in MLflow, and the hosts that have to be reached for it. */
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

  /** Cohere, at `api.cohere.ai`. */
  public static cohere(): AiProvider {
    return new AiProvider("cohere", ["api.cohere.ai"]);
  }

  /** Groq, at `api.groq.com`. */
  public static groq(): AiProvider {
    return new AiProvider("groq", ["api.groq.com"]);
  }

  /**
   * OpenAI's models on Azure.
   *
   * @param host of the resource, such as `example.openai.azure.com`.
   */
  public static azure(host: string): AiProvider {
    return new AiProvider("azure", [host]);
  }

  /**
   * Amazon Bedrock with one of its own API keys.
   *
   * @param region such as `eu-central-1`.
   */
  public static bedrock(region: string): AiProvider {
    return new AiProvider("bedrock", [`bedrock-runtime.${region}.amazonaws.com`]);
  }

  /**
   * Any other provider, or one of the above at another address, such as a server of one's own that speaks OpenAI's
   * protocol: `AiProvider.at("openai", ["llm.example.com"])`.
   *
   * @param name as MLflow has it: `ollama`, `openrouter`, `litellm` …
   * @param hosts as `EgressOptions.hosts`. They are reached by TLS only.
   */
  public static at(name: string, hosts: string[]): AiProvider {
    return new AiProvider(name, hosts);
  }

  private constructor(
    /** Name of the provider in MLflow. */
    public readonly name: string,

    /** Hosts that have to be reached for it. */
    public readonly hosts: string[],
  ) {
    if (!/^[a-z0-9][a-z0-9_-]*$/.test(name)) {
      throw new ValidationError(
        "AiProvider",
        `a provider must have its name in MLflow, such as 'openai' or 'openrouter', got: '${name}'`,
      );
    }
  }
}
