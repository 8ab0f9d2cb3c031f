/** The median. */
export function median(figures: number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/** Runs some work, and returns its duration in seconds. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1000;
}

/**
 * Runs each contestant once a round. The order changes with each round, so that other load on the machine affects all.
 *
 * @returns the measurements of each contestant, in the order of the rounds.
 */
export async function alternate<T, R>(
  contestants: T[],
  rounds: number,
  measure: (contestant: T, round: number) => Promise<R>,
): Promise<Map<T, R[]>> {
  const figures = new Map<T, R[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = 0; round < rounds; round += 1) {
    const turn = round % contestants.length;
    for (const contestant of [...contestants.slice(turn), ...contestants.slice(0, turn)]) {
      figures.get(contestant)?.push(await measure(contestant, round));
    }
  }
  return figures;
}
