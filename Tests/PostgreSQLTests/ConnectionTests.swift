import Foundation
import PostgreSQL
import TestBroker
import TestDatabase
import Testing

extension PostgreSQLTests {
  struct ConnectionTests {
    @Test func `a connection says where it is and what it speaks with`() throws {
      let connection = try connect()
      #expect(connection.isUsable)
      #expect(connection.serverVersion >= 150_000)
      #expect(connection.server.contains(":5432/test_"))
      #expect(connection.reportedSetting("client_encoding") == "UTF8")
      #expect(connection.transactionStatus == .idle)
      connection.close()
      #expect(!connection.isUsable)
      let error = try postgreSQLError { try connection.execute("select 1") }
      #expect(error.kind == .connectionLost)
    }

    @Test(arguments: [
      ("dbname=nowhere_at_all", "3D000"), ("user=nobody_at_all", "28000"),
      ("user=with_password password=wrong_secret", "28P01"),
    ])
    func `a refusal to connect carries the server's code and no password`(change: String, code: String) throws
    {
      let server = try TestDatabase.server()
      let error = try postgreSQLError {
        _ = try PostgreSQLConnection("\(server.connectionString()) \(change)")
      }
      #expect(error.kind == .cannotConnect)
      #expect(error.sqlState?.description == code)
      #expect(!error.description.contains("wrong_secret"))
      #expect(!error.description.contains("LOCATION"))
      #expect(!error.message.contains(code), "the code stands apart from the text")
    }

    @Test func `a server that is not there, and one that never answers`() throws {
      let none = try postgreSQLError { _ = try PostgreSQLConnection("host=/nowhere dbname=a") }
      #expect(none.kind == .cannotConnect)
      #expect(none.message.contains("/nowhere"))
      let silent = try ScriptedPeer(.silent)
      let started = ContinuousClock.now
      let error = try postgreSQLError {
        _ = try PostgreSQLConnection("host=127.0.0.1 port=\(silent.port) connect_timeout=1 sslmode=disable")
      }
      #expect(error.kind == .cannotConnect)
      #expect(error.message == "no connection came about within 1.0 seconds")
      #expect(ContinuousClock.now - started >= .seconds(1))
    }

    @Test(arguments: [
      "postgresql://app:hun%zzter2@h/db", "postgresql://app:hunter2@x@h/db",
      "postgresql://app:hunter2/x@h/db",
      "postgresql://app:x/hunter2@h/db", "postgresql://h/db?hunter2=1", "host=h password=x hunter2",
      "hunter2",
      "host=h hunter2=3", "password='hunter2", "postgresql://app:x@hunter2@h:1/db",
      "postgresql://[hunter2/db",
    ])
    func `a string that libpq cannot read is refused without a word of it`(string: String) throws {
      let error = try postgreSQLError { _ = try PostgreSQLConnection(string) }
      #expect(error.kind == .invalidArgument)
      #expect(!error.description.contains("hunter2"))
    }

    @Test func `a password file and a service file are libpq's own`() throws {
      let server = try TestDatabase.server()
      let admin = try PostgreSQLConnection(server.connectionString())
      try admin.execute(
        "do $$ begin create role with_password login password 'right_secret'; exception when duplicate_object then null; end $$"
      )
      let folder = FileManager.default.temporaryDirectory.appending(path: TestBroker.uniqueName("pgpass"))
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let file = folder.appending(path: "pgpass").path
      #expect(
        FileManager.default.createFile(
          atPath: file, contents: Data("*:*:*:with_password:right_secret\n".utf8),
          attributes: [.posixPermissions: 0o600]))
      let string = server.connectionString(user: "with_password")
      #expect(try PostgreSQLConnection("\(string) passfile=\(file)").isUsable)
      let error = try postgreSQLError { _ = try PostgreSQLConnection("\(string) passfile=/dev/null") }
      #expect(error.hint?.contains("PGPASSFILE") == true)
    }

    @Test func `a session that the server ends is lost, and stays lost`() throws {
      let string = try TestDatabase.make()
      let connection = try PostgreSQLConnection(string)
      let other = try PostgreSQLConnection(string)
      try other.query("select pg_terminate_backend($1::int)", [.integer(connection.backendProcessID)])
      let first = try postgreSQLError { try connection.execute("select 1") }
      #expect(first.isConnectionLost)
      let second = try postgreSQLError { try connection.query("select 1") }
      #expect(second.isConnectionLost)
      #expect(connection.transactionStatus == .unknown)
    }

    @Test func `a server that stops answering costs a call its time, not for ever`() throws {
      let string = try TestDatabase.make()
      let connection = try PostgreSQLConnection(string)
      let frozen = connection.backendProcessID
      kill(frozen, SIGSTOP)
      defer { kill(frozen, SIGCONT) }
      connection.responseTimeout = .milliseconds(100)
      let error = try postgreSQLError { try connection.execute("select 1") }
      #expect(error.kind == .timedOut)
      let next = try postgreSQLError { try connection.execute("select 1") }
      #expect(next.kind == .connectionLost, "the answer to the first would be taken for that of the second")
    }

    @Test func `notices come to the observer and nowhere else`() throws {
      var notices: [PostgreSQLNotice] = []
      let connection = try PostgreSQLConnection(try TestDatabase.make(), onNotice: { notices.append($0) })
      try connection.execute("drop table if exists none; do $$ begin raise warning 'careful'; end $$")
      #expect(notices.map(\.severity) == ["NOTICE", "WARNING"])
      #expect(notices.last?.message == "careful")
    }

    @Test func `a statement is cancelled from another thread`() throws {
      let string = try TestDatabase.make()
      let connection = try PostgreSQLConnection(string)
      let canceller = try connection.makeCanceller()
      let pid = connection.backendProcessID
      let isRunning = "select 1 from pg_stat_activity where pid = $1::int and state = 'active'"
      let thread = Thread {
        guard let watcher = try? PostgreSQLConnection(string) else { return }
        while (try? watcher.query(isRunning, [.integer(pid)]).rowCount) == 0 {}
        try? canceller.cancel()
      }
      thread.start()
      let error = try postgreSQLError { try connection.execute("select pg_sleep(600)") }
      #expect(error.kind == .cancelled)
      #expect(connection.isUsable)
    }
  }
}
