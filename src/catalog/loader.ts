// Reads the catalog of one database through somebody else's connection.
import { buildCatalog } from "./build-catalog.ts";
import type { Builtins } from "./builtins.ts";
import { catalogSql, hasMetadataSql } from "./catalog-sql.ts";
import type { QueryText } from "./query-text.ts";
import type { CatalogSnapshot } from "./snapshot.ts";

let versions = 0;

/**
 * Two statements, of which the second does the work. A relation that another session drops meanwhile can make PostgreSQL
 * answer with an error (XX000, "cache lookup failed"): on a control connection, load again.
 */
export async function loadCatalog(query: QueryText, builtins: Builtins): Promise<CatalogSnapshot> {
  const hasMetadata = (await query(hasMetadataSql)) === "true";
  const json = await query(catalogSql({ hasMetadata }));
  return buildCatalog(json, builtins, ++versions);
}
