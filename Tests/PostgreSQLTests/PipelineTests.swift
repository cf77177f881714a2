import PostgreSQL
import TestDatabase
import Testing

extension PostgreSQLTests {
  struct PipelineTests {
    private func table() throws -> PostgreSQLConnection {
      let connection = try connect()
      try connection.execute("create table t (n int primary key, body text)")
      return connection
    }

    @Test func `statements of a pipeline answer in their order`() throws {
      let connection = try table()
      let insert = try connection.prepare("insert into t values ($1, $2) returning n * 10")
      let results = try connection.pipeline(
        [PipelinedStatement("select 7")] + (1...100).map { PipelinedStatement(insert, [.integer($0), "x"]) })
      #expect(results.count == 101)
      #expect(results.dropFirst().map { $0.rows[0][0] } == (1...100).map { String($0 * 10) })
      #expect(try connection.query("select count(*) from t").rows[0][0] == "100")
      #expect(try connection.pipeline([]).isEmpty)
    }

    @Test func `a failure names its statement, and nothing of the pipeline takes effect`() throws {
      let connection = try table()
      let error = try postgreSQLError {
        try connection.pipeline([
          PipelinedStatement("insert into t values (1)"), PipelinedStatement("insert into t values (1)"),
          PipelinedStatement("insert into t values (2)"),
        ])
      }
      #expect(error.sqlState == .uniqueViolation)
      #expect(error.statementIndex == 1)
      #expect(try connection.query("select count(*) from t").rows[0][0] == "0")
      let refused = try postgreSQLError {
        try connection.pipeline([
          PipelinedStatement("insert into t values (1)"),
          PipelinedStatement("insert into t values (2, $1)", ["\0"]),
          PipelinedStatement("insert into t values (3)"),
        ])
      }
      #expect(refused.kind == .nulInText)
      #expect(refused.statementIndex == 1)
      #expect(try connection.query("select count(*) from t").rows[0][0] == "0")
    }

    @Test func `a pipeline larger than every buffer does not stand still`() throws {
      let connection = try table()
      let body = String(repeating: "x", count: 50_000)
      // Both ways at once: some 20 MB to the server, and as much back.
      let results = try connection.pipeline(
        (0..<400).map {
          PipelinedStatement("insert into t values ($1, $2) returning body", [.integer($0), .text(body)])
        })
      #expect(results.allSatisfy { $0.text(row: 0, column: 0)?.utf8.count == 50_000 })
    }

    @Test func `a connection that ends within a pipeline is lost`() throws {
      let connection = try table()
      let error = try postgreSQLError {
        try connection.pipeline([
          PipelinedStatement("select 1"), PipelinedStatement("select pg_terminate_backend(pg_backend_pid())"),
          PipelinedStatement("select 2"),
        ])
      }
      #expect(error.isConnectionLost)
      #expect(!connection.isUsable)
    }
  }
}
