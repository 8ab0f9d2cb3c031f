import { isBuiltHere } from "../../offline/image-notes";
import { workersOverCores } from "../../lib/server/server-size";
import type { SynthesizedStack } from "../app/synthesized-stack";
import { commandLine } from "../console/command-line";
import { driftProblem, releaseProblem, separationProblem } from "../deployment/host-checks";
import type { EngineInfo } from "../docker/inspected";
import type { State } from "../terraform/json/state";
import type { Finding } from "./finding";

/** What is wrong with the engine. */
export function engineFindings({ workers }: Pick<SynthesizedStack, "workers">, engine: EngineInfo): Finding[] {
  const old = releaseProblem(engine);
  const many = engine.cores === undefined ? undefined : workersOverCores(workers, engine.cores);
  return [
    ...(old === undefined
      ? []
      : [
          {
            check: "old-engine",
            found: capital(old),
            meaning: "The stack was not tried with it: limits and isolation may be missing.",
            remedy: "Install a newer Docker Engine.",
          },
        ]),
    ...(many === undefined
      ? []
      : [
          {
            check: "workers",
            found: many,
            meaning: "MLflow gets no faster, and may run out of memory.",
            remedy: `Lower 'workers' of the server, see docs/sizing.md, then: ${commandLine("up")}`,
          },
        ]),
  ];
}

/** What an operator should know about the engine and the images. */
export function deploymentNotes(stack: SynthesizedStack, engine: EngineInfo, state: State): Finding[] {
  const docker = "Use Docker Engine.";
  const notes: [string, string | undefined, string, string][] = [
    ["podman-drift", driftProblem(engine), `A change by hand stays until the next change in the code.`, docker],
    ["podman-separation", separationProblem(stack, engine), "One taken over can attack the others.", docker],
  ];
  const built = state.imageNames.filter(isBuiltHere);
  if (built.length > 0) {
    notes.push([
      "images-built-here",
      `These images were built here, in place of the official ones: ${[...new Set(built)].sort().join(", ")}`,
      `They may lack something: ${commandLine("status")} says what.`,
      `If registries can be reached: ${commandLine("up", "--online")}`,
    ]);
  }
  return notes.flatMap(([check, found, meaning, remedy]) =>
    found === undefined ? [] : [{ check, found: capital(found), meaning, remedy }],
  );
}

/** What the code has and the state does not, and the other way round: containers and images, by their names. */
export function unappliedFindings(
  stack: Pick<SynthesizedStack, "containerNames" | "images">,
  state: Pick<State, "ofType" | "imageNames">,
): Finding[] {
  const code = { container: stack.containerNames, image: stack.images.map(({ name }) => name) };
  const deployed = {
    container: state.ofType("docker_container").map(({ attributes }) => String(attributes.name)),
    image: state.imageNames,
  };
  // Only Terraform knows the value of an expression.
  if ([...code.container, ...code.image].some((name) => name.includes("${"))) return [];
  const differences = (["container", "image"] as const).flatMap((kind) => [
    ...code[kind].filter((name) => !deployed[kind].includes(name)).map((name) => `${kind} ${name} is not deployed`),
    ...deployed[kind].filter((name) => !code[kind].includes(name)).map((name) => `${kind} ${name} is no longer in it`),
  ]);
  if (differences.length === 0) return [];
  return [
    {
      check: "not-applied",
      found: `The code or the environment of this command is not what is deployed: ${differences.join(", ")}`,
      meaning: "Users get what was deployed last.",
      remedy: `If the environment is right, apply it: ${commandLine("up")}`,
    },
  ];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
