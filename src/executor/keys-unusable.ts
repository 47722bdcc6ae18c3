// A plan counted on values that turn out to be of no use for routing. Thrown before anything has been sent; the session
// plans the statement again without them (`ignoreKeys` of the planner).

export class KeysUnusable extends Error {
  override readonly name = "KeysUnusable";
}
