// Whoever changes the catalog notifies this channel on the home shard; gateways listen there and read the catalog anew.

export const catalogChannel = "shardgres_catalog";

export const notifyCatalogSql = `NOTIFY ${catalogChannel}`;
