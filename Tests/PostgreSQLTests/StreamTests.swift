import PostgreSQL
import TestBroker
import TestDatabase
import Testing

extension PostgreSQLTests {
  struct StreamTests {
    @Test func `rows are copied in and out`() throws {
      let connection = try connect()
      try connection.execute("create table t (n int, body text)")
      let count = try connection.copyIn("copy t from stdin") { writer in
        for n in 0..<10_000 { try writer.writeRow([String(n), n == 0 ? nil : "tab\t line\n back\\ \(n)"]) }
      }
      #expect(count == 10_000)
      let row = try connection.query("select body from t where n = 1").rows[0][0]
      #expect(row == "tab\t line\n back\\ 1")
      #expect(try connection.query("select count(*) from t where body is null").rows[0][0] == "1")
      var lines = 0
      try connection.copyOut("copy t to stdout") { _ in lines += 1 }
      #expect(lines == 10_000)
    }

    @Test func `a COPY that fails, and one that is given up, copy nothing`() throws {
      struct Mine: Error {}
      let connection = try connect()
      try connection.execute("create table t (n int)")
      let error = try postgreSQLError {
        try connection.copyIn("copy t from stdin") { writer in
          try writer.writeRow(["1"])
          try writer.writeRow(["no number"])
        }
      }
      #expect(error.kind == .data)
      #expect(error.context?.contains("line 2") == true)
      #expect(throws: Mine.self) {
        try connection.copyIn("copy t from stdin") { writer in
          try writer.writeRow(["1"])
          throw Mine()
        }
      }
      let nul = try postgreSQLError { try connection.copyIn("copy t from stdin") { try $0.writeRow(["\0"]) } }
      #expect(nul.kind == .nulInText)
      #expect(try connection.query("select count(*) from t").rows[0][0] == "0")
      #expect(throws: Mine.self) {
        try connection.copyOut("copy (select generate_series(1, 1000000)) to stdout") { _ in throw Mine() }
      }
      #expect(try connection.execute("select 1").count == 1)
    }

    @Test func `notifications are waited for`() throws {
      let string = try TestDatabase.make()
      let one = try PostgreSQLConnection(string)
      let two = try PostgreSQLConnection(string)
      try one.listen(to: "Shop's orders")
      #expect(try one.notifications(within: .zero) == [])
      try two.query("select pg_notify($1, $2)", ["Shop's orders", "7"])
      let found = try one.notifications(within: .seconds(60))
      #expect(found.map(\.payload) == ["7"])
      #expect(found.map(\.channel) == ["Shop's orders"])
      #expect(found.map(\.backendProcessID) == [two.backendProcessID])
      try two.execute("select pg_terminate_backend(\(one.backendProcessID))")
      #expect(throws: PostgreSQLError.self) { while true { _ = try one.notifications(within: .seconds(60)) } }
    }

    @Test func `a replication stream is read, answered and ended`() throws {
      let string = try TestDatabase.make()
      let writer = try PostgreSQLConnection(string)
      try writer.execute("create table t (n int primary key); create publication p for table t")
      let replication = try PostgreSQLConnection(string, isReplication: true)
      let slot = TestBroker.uniqueName("slot").replacing("-", with: "_")
      try replication.execute("CREATE_REPLICATION_SLOT \(slot) LOGICAL pgoutput NOEXPORT_SNAPSHOT")
      defer { _ = try? writer.execute("select pg_drop_replication_slot('\(slot)')") }
      try writer.execute("insert into t values (4711)")
      let stream = try replication.startCopyBoth(
        "START_REPLICATION SLOT \(slot) LOGICAL 0/0 (proto_version '1', publication_names 'p')")
      var kinds: [UInt8] = []
      while kinds.last != UInt8(ascii: "C") {
        guard case .message(let bytes) = try stream.receive(within: .seconds(60)) else {
          Issue.record("nothing came")
          return
        }
        // XLogData: w, three numbers of 8 bytes, then pgoutput's message.
        if bytes[0] == UInt8(ascii: "w") { kinds.append(bytes[25]) }
      }
      #expect(kinds == Array("BRIC".utf8))
      try stream.send([UInt8(ascii: "r")] + [UInt8](repeating: 0, count: 33))
      try stream.end()
      #expect(try replication.execute("IDENTIFY_SYSTEM").first?.rowCount == 1)
    }

    @Test func `a stream that cannot be started says why`() throws {
      let replication = try PostgreSQLConnection(try TestDatabase.make(), isReplication: true)
      let error = try postgreSQLError {
        _ = try replication.startCopyBoth("START_REPLICATION SLOT nowhere LOGICAL 0/0 (proto_version '1')")
      }
      #expect(error.sqlState == .undefinedObject)
      #expect(try replication.execute("IDENTIFY_SYSTEM").count == 1)
    }
  }
}
