/** A service of a generated stack. */
export interface GeneratedService {
  readonly name: string;

  /** Which of two images. */
  readonly image: 1 | 2;
  readonly setting: string;
  readonly line: string;

  /** Another one is another secret. */
  readonly secretLength: number;
  readonly memory: number;
  readonly retries: number;
  readonly port?: { readonly number: number; readonly isPublic: boolean };
  readonly volume?: string;
  readonly egress: boolean;
}

/** What is done to a service. */
export type Kind = keyof typeof MUTATIONS | "remove" | "add";

/** A stack before and after, and what was done to it, by the names of services. */
export interface GeneratedChange {
  readonly before: readonly GeneratedService[];
  readonly after: readonly GeneratedService[];
  readonly kinds: ReadonlyMap<string, readonly Kind[]>;
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const MUTATIONS = {
  setting: (service, next) => ({ ...service, setting: `value ${next}` }),
  line: (service, next) => ({ ...service, line: `line ${next}` }),
  secret: (service) => ({ ...service, secretLength: service.secretLength === 32 ? 40 : 32 }),
  image: (service) => ({ ...service, image: service.image === 1 ? 2 : 1 }),
  memory: (service) => ({ ...service, memory: service.memory === 64 ? 96 : 64 }),
  healthCheck: (service) => ({ ...service, retries: service.retries === 5 ? 6 : 5 }),
  port: (service, _next, port) => ({ ...service, port: service.port ? undefined : { number: port, isPublic: false } }),
  binding: (service, _next, port) => ({
    ...service,
    port: { number: service.port?.number ?? port, isPublic: !service.port?.isPublic },
  }),
  volume: (service, next) => ({ ...service, volume: service.volume ? `data-${next}` : service.volume }),
  egress: (service) => ({ ...service, egress: !service.egress }),
} as const satisfies {
  [kind: string]: (service: GeneratedService, next: number, port: number) => GeneratedService;
};

/** Kinds of which each asks for a new container. */
export const REPLACING: readonly Kind[] = ["setting", "line", "secret", "image", "port", "binding", "volume", "egress"];

/** A service of which the number decides everything. */
export function service(index: number, port: number): GeneratedService {
  return {
    name: `s${index}`,
    image: 1,
    setting: "value 0",
    line: "line 0",
    secretLength: 32,
    memory: 64,
    retries: 5,
    port: index % 3 === 0 ? { number: port, isPublic: false } : undefined,
    volume: index % 2 === 0 ? `data-${index}` : undefined,
    egress: false,
  };
}

/**
 * A change of a stack: of about half of its services, and now and then of which there are.
 *
 * @param next a number that no change has had before, for new values.
 * @param portOf a port for a service that opens one.
 */
export function generateChange(
  before: readonly GeneratedService[],
  draw: () => number,
  next: number,
  portOf: (name: string) => number,
): GeneratedChange {
  const pick = <T>(choices: readonly T[]) => choices[Math.floor(draw() * choices.length)] as T;
  const kinds = new Map<string, Kind[]>();
  const after = before.flatMap((original): GeneratedService[] => {
    if (draw() < 0.4) return [original];
    if (draw() < 0.1) {
      kinds.set(original.name, ["remove"]);
      return [];
    }
    let changed = original;
    const done: Kind[] = [];
    for (let count = draw() < 0.6 ? 1 : 2; count > 0; count -= 1) {
      const kind = pick(Object.keys(MUTATIONS) as (keyof typeof MUTATIONS)[]);
      // one of these may take back what the other did.
      if (done.includes(kind) || (/port|binding/.test(kind) && done.some((other) => /port|binding/.test(other))))
        continue;
      const result = MUTATIONS[kind](changed, next, portOf(original.name));
      if (JSON.stringify(result) === JSON.stringify(changed)) continue;
      changed = result;
      done.push(kind);
    }
    if (done.length > 0) kinds.set(original.name, done);
    return [changed];
  });
  if (draw() < 0.3) {
    const added = { ...service(next, portOf(`s${next}`)), volume: `data-${next}` };
    kinds.set(added.name, ["add"]);
    after.push(added);
  }
  return { before, after, kinds };
}
