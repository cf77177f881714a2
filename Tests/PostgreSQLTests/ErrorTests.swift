import PostgreSQL
import TestDatabase
import Testing

extension PostgreSQLTests {
  struct ErrorTests {
    private func table() throws -> PostgreSQLConnection {
      let connection = try connect()
      try connection.execute(
        """
        create schema shop;
        create table shop.orders (id int primary key, n int not null check (n < 100), ref int references shop.orders);
        insert into shop.orders values (1, 1)
        """)
      return connection
    }

    @Test(arguments: [
      ("insert into shop.orders values (1, 2)", "23505", PostgreSQLError.Kind.constraint),
      ("insert into shop.orders values (2, 200)", "23514", .constraint),
      ("insert into shop.orders values (2, null)", "23502", .constraint),
      ("insert into shop.orders values (2, 2, 9)", "23503", .constraint),
      ("select 'x'::int", "22P02", .data), ("select 1/0", "22012", .data),
      ("select (10^9)::int::int2", "22003", .data),
      ("select * from nowhere", "42P01", .statement), ("selec", "42601", .statement),
      ("set role pg_read_all_data; select pg_read_file('x')", "42501", .missingRight),
    ])
    func `errors are classified by their codes`(sql: String, code: String, kind: PostgreSQLError.Kind) throws
    {
      let error = try postgreSQLError { try table().execute(sql) }
      #expect(error.sqlState?.description == code)
      #expect(error.kind == kind)
      #expect(error.severity == "ERROR")
      #expect(error.server != nil)
    }

    @Test func `an error names its table, column and constraint, and shows no row`() throws {
      let connection = try table()
      let unique = try postgreSQLError { try connection.execute("insert into shop.orders values (1, 42)") }
      #expect(unique.schema == "shop")
      #expect(unique.table == "orders")
      #expect(unique.constraint == "orders_pkey")
      #expect(unique.detail == "Key (id)=(1) already exists.")
      #expect(unique.description.contains("table shop.orders"))
      #expect(unique.description.contains("constraint orders_pkey"))
      let null = try postgreSQLError {
        try connection.query("insert into shop.orders values ($1, null)", [4711])
      }
      #expect(null.column == "n")
      #expect(null.detail?.contains("4711") == true)
      #expect(!null.description.contains("4711"), "values of rows stay out of what is logged")
    }

    @Test func `two transactions that wait for each other, and two that cannot both be right`() throws {
      let string = try TestDatabase.make()
      let one = try PostgreSQLConnection(string)
      let two = try PostgreSQLConnection(string)
      try one.execute("create table t (id int primary key, n int); insert into t values (1, 1), (2, 2)")
      for connection in [one, two] { try connection.execute("begin isolation level serializable") }
      for connection in [one, two] { try connection.execute("select sum(n) from t") }
      try one.execute("update t set n = n + 1 where id = 1")
      try two.execute("update t set n = n + 1 where id = 2")
      try one.commit()
      let error = try postgreSQLError { try two.commit() }
      #expect(error.sqlState == .serializationFailure)
      #expect(error.isRetryable)
      #expect(!error.isOutcomeUnknown)
    }

    @Test func `a lock that is not granted says so`() throws {
      let string = try TestDatabase.make()
      let one = try PostgreSQLConnection(string)
      let two = try PostgreSQLConnection(string)
      try one.execute("create table t (id int); insert into t values (1)")
      try one.execute("begin; select * from t for update")
      let error = try postgreSQLError { try two.execute("select * from t for update nowait") }
      #expect(error.kind == .lockNotAvailable)
    }

    @Test func `a transaction is committed, or rolled back with the closure's error`() throws {
      let connection = try connect()
      try connection.execute("create table t (n int)")
      let result = try connection.withTransaction {
        #expect(connection.transactionStatus == .open)
        return try connection.query("insert into t values (1) returning n").rows[0][0]
      }
      #expect(result == "1")
      struct Mine: Error {}
      #expect(throws: Mine.self) {
        try connection.withTransaction {
          try connection.execute("insert into t values (2)")
          throw Mine()
        }
      }
      #expect(connection.transactionStatus == .idle)
      #expect(try connection.query("select n from t").rows.map { $0[0] } == ["1"])
    }

    @Test func `a commit after a failed statement is not taken for one`() throws {
      let connection = try connect()
      try connection.execute("create table t (n int)")
      let error = try postgreSQLError {
        try connection.withTransaction {
          try connection.execute("insert into t values (1)")
          _ = try? connection.execute("select 1/0")
        }
      }
      #expect(error.kind == .rolledBack)
      #expect(try connection.query("select count(*) from t").rows[0][0] == "0")
    }

    @Test func `a commit whose answer never came has an unknown outcome`() throws {
      let server = try DatabaseServer.start()
      defer { server.remove() }
      let connection = try PostgreSQLConnection(try TestDatabase.make(on: server))
      try connection.execute("create table t (n int); begin; insert into t values (1)")
      server.stopImmediately()
      let error = try postgreSQLError { try connection.commit() }
      #expect(error.isConnectionLost)
      #expect(error.isOutcomeUnknown)
      #expect(error.description.contains("whether the transaction was committed is not known"))
      try server.startAgain()
      #expect(throws: PostgreSQLError.self) { try connection.execute("select 1") }
    }
  }
}
