#pragma once
#include <libpq-fe.h>
#include <string.h>

// Swift does not import macros of character literals: the fields of an error, by name (postgres_ext.h).
enum pq_shim_field {
  PQ_SHIM_SEVERITY = PG_DIAG_SEVERITY_NONLOCALIZED,
  PQ_SHIM_SQLSTATE = PG_DIAG_SQLSTATE,
  PQ_SHIM_MESSAGE = PG_DIAG_MESSAGE_PRIMARY,
  PQ_SHIM_DETAIL = PG_DIAG_MESSAGE_DETAIL,
  PQ_SHIM_HINT = PG_DIAG_MESSAGE_HINT,
  PQ_SHIM_POSITION = PG_DIAG_STATEMENT_POSITION,
  PQ_SHIM_CONTEXT = PG_DIAG_CONTEXT,
  PQ_SHIM_SCHEMA = PG_DIAG_SCHEMA_NAME,
  PQ_SHIM_TABLE = PG_DIAG_TABLE_NAME,
  PQ_SHIM_COLUMN = PG_DIAG_COLUMN_NAME,
  PQ_SHIM_DATATYPE = PG_DIAG_DATATYPE_NAME,
  PQ_SHIM_CONSTRAINT = PG_DIAG_CONSTRAINT_NAME,
};

/// PQresultErrorField with a field of the enumeration above.
static inline const char *pq_shim_error_field(const PGresult *result, enum pq_shim_field field) {
  return PQresultErrorField(result, (int)field);
}
