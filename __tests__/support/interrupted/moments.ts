const VICTIMS = ["command", "shell", "terraform"] as const;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const;

/** When and how a command is interrupted. */
export interface Moment {
  readonly command: string[];

  /** Who gets the signal: a shell passes it on to its whole process group, and its terminal is gone. */
  readonly victim: (typeof VICTIMS)[number];
  readonly signal: NodeJS.Signals;

  /** When the signal is sent, as a part of the time that the command takes. */
  readonly part: number;
}

/** Random moments, the same ones for the same seed. Each command has its turn. */
export function momentsOf(seed: number, count: number, commands: string[][]): Moment[] {
  const random = randomOf(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  return Array.from({ length: count }, (_, index) => ({
    command: commands[index % commands.length] ?? [],
    victim: pick(VICTIMS),
    signal: pick(SIGNALS),
    part: random(),
  }));
}

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
