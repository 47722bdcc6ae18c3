// Global transaction ids: sg_<cluster>_<gateway>_<epoch>_<number>. Any controller can tell from one which cluster it
// belongs to, which run of which gateway made it, and so whether somebody still works on it.

/** Returns a function that makes ids which no other gateway, and no other run of this one, makes. */
export function gidMaker(clusterId: string, gatewayName: string, epoch: number): () => string {
  let number = 0;
  return () => `sg_${clusterId}_${gatewayName}_${epoch.toString(36)}_${++number}`;
}
