/** Which two dimensions does the map show? Those with the most KL, without changing them for a little more. */

/** So many times more another dimension has to say than one that is shown. */
const HOLDS = 1.5;

/** kl: of every dimension, nats · shown: ascending. */
export function axesFor(kl: ArrayLike<number>, shown: readonly [number, number]): readonly [number, number] {
  const weight = (k: number): number => (shown.includes(k) ? HOLDS : 1) * kl[k];
  const order = Array.from({ length: kl.length }, (_, k) => k).sort((a, b) => weight(b) - weight(a) || a - b);
  const [first, second] = order.slice(0, 2).sort((a, b) => a - b);
  return first === shown[0] && second === shown[1] ? shown : [first, second];
}
