// The environment that PostgreSQL's programs run in: the caller's PG* variables are meant for clients and would change
// what the server does; messages come in English, so that they can be searched for.

export function postgresEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith("PG") && !name.startsWith("LC_"));
  return { ...Object.fromEntries(kept), LANG: "C", LC_ALL: "C" };
}
