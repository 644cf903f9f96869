/** Draws from 0 … count - 1 so that the n-th is drawn n times as rarely as the first: Zipf's law, s = 1. */
export function zipf(count: number, random: () => number): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank += 1) {
    sum += 1 / (rank + 1);
    sums[rank] = sum;
  }
  return () => {
    const point = random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! <= point) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
