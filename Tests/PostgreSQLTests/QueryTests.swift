import PostgreSQL
import TestDatabase
import Testing

extension PostgreSQLTests {
  struct QueryTests {
    @Test func `values of every kind go in and come out`() throws {
      let connection = try connect()
      let result = try connection.query(
        "select $1::text, $2::bigint, $3::bytea, $4::text, $5::bool, $6::jsonb ->> 'a', $7::float8",
        ["ä \"'\\ 😀", .integer(Int64.min), .bytes([0, 1, 255]), nil, true, #"{"a": "b"}"#, .number(0.1)])
      #expect(result.text(row: 0, column: 0) == "ä \"'\\ 😀")
      #expect(try result.integer(row: 0, column: 1) == Int64.min)
      #expect(try result.bytes(row: 0, column: 2) == [0, 1, 255])
      #expect(result.isNull(row: 0, column: 3))
      #expect(try result.boolean(row: 0, column: 4) == true)
      #expect(result.text(row: 0, column: 5) == "b")
      #expect(result.text(row: 0, column: 6) == "0.1")
      #expect(try postgreSQLError { _ = try result.integer(row: 0, column: 0) }.kind == .data)
    }

    @Test func `arrays keep NULLs, quotes, braces, backslashes and empty elements`() throws {
      let connection = try connect()
      let texts: [String?] = ["a", nil, "NULL", "", " {x},\"y\" \\z", "ü\n\t"]
      let rows = try connection.query("select t from unnest($1::text[]) t", [.textArray(texts)]).rows.map {
        $0[0]
      }
      #expect(rows == texts)
      let numbers: [Int64?] = [.min, nil, 0, .max]
      let sum = try connection.query(
        "select array_agg(n)::text from unnest($1::bigint[]) n", [.integerArray(numbers)])
      #expect(sum.rows[0][0] == "{-9223372036854775808,NULL,0,9223372036854775807}")
      let blobs: [[UInt8]?] = [[], nil, [0, 0x5C, 0x22], Array(repeating: 7, count: 100_000)]
      let back = try connection.query("select b from unnest($1::bytea[]) b", [.bytesArray(blobs)])
      #expect(try (0..<4).map { try back.bytes(row: $0, column: 0) } == blobs)
      let empty = try connection.query(
        "select cardinality($1::text[]), cardinality($2::bigint[]), cardinality($3::bytea[])",
        [.textArray([]), .integerArray([]), .bytesArray([])])
      #expect(empty.rows[0].texts == ["0", "0", "0"])
    }

    @Test func `binary results are the types' own bytes`() throws {
      let result = try connect().query("select 258::bigint, 'é'::text, '\\x00ff'::bytea", format: .binary)
      #expect(result.withBytes(row: 0, column: 0) { Array($0!) } == [0, 0, 0, 0, 0, 0, 1, 2])
      #expect(result.text(row: 0, column: 1) == "é")
      #expect(try result.bytes(row: 0, column: 2) == [0, 255])
    }

    @Test func `several statements return several results, and stop at the first error`() throws {
      let connection = try connect()
      let results = try connection.execute(
        "create table t (n int); insert into t values (1), (2); select n from t")
      #expect(results.map(\.commandTag) == ["CREATE TABLE", "INSERT 0 2", "SELECT 2"])
      #expect(results[1].affectedRows == 2)
      #expect(results[0].affectedRows == nil)
      let error = try postgreSQLError { try connection.execute("delete from t; select nothing from t") }
      #expect(error.sqlState == .undefinedColumn)
      #expect(try connection.query("select count(*) from t").rows[0][0] == "2", "one call is one transaction")
      #expect(try connection.query("update t set n = 3").affectedRows == 2)
    }

    @Test func `a name and a text are quoted for a statement`() throws {
      #expect(try SQLText.qualifiedIdentifier("shop.orders") == #""shop"."orders""#)
      #expect(try SQLText.qualifiedIdentifier(#""my.shop"."a""b""#) == #""my.shop"."a""b""#)
      #expect(try SQLText.literal("it's") == "'it''s'")
      let connection = try connect()
      for text in [#"\'; drop table x"#, "'", #"\"#, "ä"] {
        #expect(try connection.execute("select \(try SQLText.literal(text))").first?.rows[0][0] == text)
      }
      for bad in ["", "a..b", #""a"#, "a\0b"] {
        #expect(throws: PostgreSQLError.self) { try SQLText.qualifiedIdentifier(bad) }
      }
    }

    @Test func `NUL in text is refused before it is sent`() throws {
      let connection = try connect()
      for body in [
        { try connection.query("select $1::text", ["a\0b"]) }, { try connection.query("select 1\0") },
        { try connection.query("select $1::text[]", [.textArray(["a", "\0"])]) },
        { try connection.execute("select 1\0").first! },
      ] as [() throws -> QueryResult] {
        #expect(try postgreSQLError { _ = try body() }.kind == .nulInText)
      }
      let number = try postgreSQLError { try connection.query("select $1::text, $2::text", ["a", "\0"]) }
      #expect(number.message.contains("$2"))
      #expect(connection.isUsable)
    }

    @Test func `a statement is prepared once and run often`() throws {
      let connection = try connect()
      try connection.execute("create table t (id bigint primary key, name text)")
      let insert = try connection.prepare("insert into t values ($1, $2)")
      #expect(insert.description.parameterTypes == [20, 25])
      for id in 1...3 { try connection.query(insert, [.integer(id), "n"]) }
      #expect(try connection.query("select count(*) from t").rows[0][0] == "3")
      try connection.deallocate(insert)
      #expect(
        try postgreSQLError { try connection.query(insert, [4, "n"]) }.sqlState?.description == "26000")
    }

    @Test func `a statement is checked without being run`() throws {
      let connection = try connect()
      try connection.execute("create table t (id bigint, name text)")
      let found = try connection.describe("insert into t values ($1, $2) returning id, upper(name) as big")
      #expect(found.parameterTypes == [20, 25])
      #expect(found.columns.map(\.name) == ["id", "big"])
      #expect(found.columns.map(\.type) == [20, 25])
      #expect(try connection.query("select count(*) from t").rows[0][0] == "0")
      let column = try postgreSQLError { _ = try connection.describe("update t set nam = $1") }
      #expect(column.kind == .statement)
      #expect(column.sqlState == .undefinedColumn)
      #expect(column.position == 14)
      #expect(
        try postgreSQLError { _ = try connection.describe("select from nowhere") }.sqlState == .undefinedTable
      )
      #expect(try postgreSQLError { _ = try connection.describe("selec 1") }.sqlState?.description == "42601")
    }

    @Test func `a COPY by the wrong door is refused and the connection goes on`() throws {
      let connection = try connect()
      try connection.execute("create table t (n int)")
      for sql in ["copy t from stdin", "copy t to stdout"] {
        #expect(try postgreSQLError { try connection.execute(sql) }.kind == .invalidArgument)
      }
      #expect(try postgreSQLError { try connection.copyIn("select 1") { _ in } }.kind == .invalidArgument)
      #expect(
        try postgreSQLError { try connection.copyOut("copy t from stdin") { _ in } }.kind == .invalidArgument)
      #expect(try connection.execute("select 1").count == 1)
    }
  }
}
