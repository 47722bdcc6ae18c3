// Strongly connected components of a directed graph (Tarjan, without recursion: histories are long).

/**
 * For every node the number of its component. Where an edge leads from one component into another, the other has the
 * smaller number.
 */
export function strongComponents(successors: readonly (readonly number[])[]): number[] {
  const count = successors.length;
  const found = new Array<number>(count).fill(-1);
  const lowest = new Array<number>(count).fill(0);
  const component = new Array<number>(count).fill(-1);
  const stack: number[] = [];
  let time = 0;
  let components = 0;
  for (let root = 0; root < count; root++) {
    if (found[root] !== -1) continue;
    const path = [{ node: root, next: 0 }];
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const { node } = step;
      if (step.next === 0) {
        found[node] = lowest[node] = time++;
        stack.push(node);
      }
      const successor = successors[node]![step.next++];
      if (successor !== undefined) {
        if (found[successor] === -1) path.push({ node: successor, next: 0 });
        else if (component[successor] === -1) lowest[node] = Math.min(lowest[node]!, found[successor]!);
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.node;
      if (parent !== undefined) lowest[parent] = Math.min(lowest[parent]!, lowest[node]!);
      if (lowest[node] !== found[node]) continue;
      for (let member = stack.pop()!; ; member = stack.pop()!) {
        component[member] = components;
        if (member === node) break;
      }
      components++;
    }
  }
  return component;
}
