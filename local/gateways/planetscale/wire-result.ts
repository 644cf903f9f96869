import { Buffer } from "node:buffer";
import type { FieldInfo, UpsertResult } from "mariadb";
import { VitessError } from "./vitess-error.ts";

export type WireField = {
  name: string;
  type: string;
  table?: string;
  columnLength: number;
  /** Collation number; 63 is binary. */
  charset: number;
  flags: number;
};
/** `lengths` are byte counts in decimal, "-1" for NULL; `values` is base64 of all columns' bytes in a row. */
export type WireRow = { lengths: string[]; values?: string };
export type WireResult = {
  rowsAffected?: string;
  insertId?: string;
  fields?: WireField[];
  rows?: WireRow[];
};

/** What the connector gives with `rowsAsArray`, `metaAsArray` and raw cells. */
export type RawOutcome = [(Buffer | null)[][], FieldInfo[]] | [UpsertResult, unknown];

/** PlanetScale's limit for one result. */
export const ROWS_MAX = 100_000;
const BINARY_CHARSET = 63;
const FLAG_UNSIGNED = 1 << 5;
const FLAG_ENUM = 1 << 8;
const FLAG_SET = 1 << 11;

/** Encodes one statement's outcome as PlanetScale's JSON. Throws VitessError past the row limit. */
export function wireResult(outcome: RawOutcome): WireResult {
  if (!isRowSet(outcome)) {
    const [{ affectedRows, insertId }] = outcome;
    return {
      ...(affectedRows > 0 ? { rowsAffected: String(affectedRows) } : {}),
      ...(BigInt(insertId ?? 0) > 0n ? { insertId: String(insertId) } : {}),
    };
  }
  const [rows, fields] = outcome;
  if (rows.length > ROWS_MAX) {
    throw new VitessError(
      "RESOURCE_EXHAUSTED",
      `Row count exceeded ${ROWS_MAX} (errno 10001) (sqlstate HY000)`,
    );
  }
  return { fields: fields.map(wireField), rows: rows.map(wireRow) };
}

function isRowSet(outcome: RawOutcome): outcome is [(Buffer | null)[][], FieldInfo[]] {
  return Array.isArray(outcome[0]);
}

function wireRow(cells: (Buffer | null)[]): WireRow {
  const bytes = Buffer.concat(cells.filter((cell) => cell !== null));
  return {
    lengths: cells.map((cell) => String(cell?.length ?? -1)),
    ...(bytes.length > 0 ? { values: bytes.toString("base64") } : {}),
  };
}

function wireField(field: FieldInfo): WireField {
  const table = field.table();
  return {
    name: field.name(),
    type: vitessType(field),
    ...(table ? { table } : {}),
    columnLength: field.columnLength,
    charset: field.collation.index,
    flags: field.flags,
  };
}

const NUMERIC: Record<string, string> = {
  TINY: "INT8",
  SHORT: "INT16",
  INT24: "INT24",
  INT: "INT32",
  BIGINT: "INT64",
};
const FIXED: Record<string, string> = {
  DECIMAL: "DECIMAL",
  NEWDECIMAL: "DECIMAL",
  FLOAT: "FLOAT32",
  DOUBLE: "FLOAT64",
  NULL: "NULL_TYPE",
  TIMESTAMP: "TIMESTAMP",
  TIMESTAMP2: "TIMESTAMP",
  DATE: "DATE",
  NEWDATE: "DATE",
  TIME: "TIME",
  TIME2: "TIME",
  DATETIME: "DATETIME",
  DATETIME2: "DATETIME",
  YEAR: "YEAR",
  BIT: "BIT",
  ENUM: "ENUM",
  SET: "SET",
  JSON: "JSON",
  GEOMETRY: "GEOMETRY",
};

/** Vitess's name of a column type. Strings are told from bytes by their collation, as MySQL does. */
function vitessType(field: FieldInfo): string {
  // MariaDB keeps JSON as LONGTEXT and says so only in its extended metadata.
  if (field.isDataTypeFormatJson()) return "JSON";
  const integer = NUMERIC[field.type];
  if (integer) {
    // MySQL 8 types integer expressions (1, EXISTS(…), a = b) as BIGINT, which the driver leaves a
    // string. MariaDB's INT would become a number here, and "0" a truthy surprise when deployed.
    const width = field.orgTable() === "" ? "INT64" : integer;
    return field.flags & FLAG_UNSIGNED ? `U${width}` : width;
  }
  const fixed = FIXED[field.type];
  if (fixed) return fixed;
  if (field.flags & FLAG_ENUM) return "ENUM";
  if (field.flags & FLAG_SET) return "SET";
  const isBinary = field.collation.index === BINARY_CHARSET;
  if (field.type === "STRING") return isBinary ? "BINARY" : "CHAR";
  if (field.type.endsWith("BLOB")) return isBinary ? "BLOB" : "TEXT";
  return isBinary ? "VARBINARY" : "VARCHAR";
}
