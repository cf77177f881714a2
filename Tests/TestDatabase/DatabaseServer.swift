import Foundation
import PostgreSQL
import Synchronization
import TestBroker

/// A PostgreSQL server of a test's own: for a test that stops it, or that needs other settings than the shared one.
///
/// Debian's `postgresql-15`, initialised into a temporary folder: reached by a Unix socket there and by no port; Debian's
/// own cluster is not touched. PostgreSQL refuses to run as root, so root starts it as an unprivileged user. It dies with
/// this process at the latest.
public final class DatabaseServer: Sendable {
  private static let startTimeout = Duration.seconds(60)
  private static let directoryPrefix = "sqdb-"
  /// For tests of passwords: this role must give one, all others are trusted.
  public static let roleWithPassword = "with_password"

  /// Socket, data and all. Short, since a socket's path has at most 107 bytes.
  private let directory: URL
  private let settings: [String: String]
  private let program: Mutex<RunningProgram?> = Mutex(nil)

  /// Initialises and starts a server; blocks for about two seconds.
  ///
  /// - Parameter settings: in addition to `postgresql.conf`, such as `wal_level`.
  public static func start(_ settings: [String: String] = [:]) throws -> DatabaseServer {
    removeStaleDirectories()
    return try DatabaseServer(settings)
  }

  /// The folder with the server's programs of the newest version; nil when none is installed.
  public static let programs: URL? = {
    let root = URL(filePath: "/usr/lib/postgresql")
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return versions.compactMap { Int($0) }.sorted(by: >).map { root.appending(path: "\($0)/bin") }
      .first { access($0.appending(path: "postgres").path, X_OK) == 0 }
  }()

  private init(_ settings: [String: String]) throws {
    guard let programs = Self.programs else {
      throw ProgramError.notFound("PostgreSQL's server, installed by scripts/setup --with-broker")
    }
    self.settings = settings
    let name = "\(Self.directoryPrefix)\(getpid())-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
    directory = URL(filePath: "/tmp").appending(path: name)
    try FileManager.default.createDirectory(
      at: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
    do {
      if let user = ServerUser.current { chown(directory.path, user.id, user.group) }
      try initialise(programs)
      try startAgain()
    } catch {
      remove()
      throw error
    }
    AtExit.run { [self] in remove() }
  }

  /// What goes into a connection string for one of its databases.
  public func connectionString(database: String = "postgres", user: String = "postgres") -> String {
    "host=\(directory.path) port=5432 user=\(user) dbname=\(database)"
  }

  /// The environment in which `psql` and libpq find it without a connection string.
  public func environment(database: String = "postgres", user: String = "postgres") -> [String: String] {
    ["PGHOST": directory.path, "PGPORT": "5432", "PGUSER": user, "PGDATABASE": database]
  }

  /// What the server logged since its last start.
  public var log: String { program.withLock { $0?.output.standardError ?? "" } }

  /// `pg_ctl stop -m immediate`: every process ends at once, as in a crash; the next start recovers.
  public func stopImmediately() {
    guard let running = program.withLock({ $0 }) else { return }
    running.send(SIGQUIT)
    running.blockForExit(timeout: Self.startTimeout)
  }

  /// Starts it again after ``stopImmediately()``, on the same data; returns when it accepts connections.
  public func startAgain() throws { try startAgain(until: "database system is ready to accept connections") }

  /// Starts it again as a standby that follows nobody, until `pg_promote()` makes it the primary: it can be read only.
  public func becomeStandby() throws {
    let signal = directory.appending(path: "data/standby.signal").path
    let file = open(signal, O_CREAT | O_WRONLY, 0o600)
    close(file)
    if let user = ServerUser.current { chown(signal, user.id, user.group) }
    stopImmediately()
    try startAgain(until: "database system is ready to accept read-only connections")
  }

  private func startAgain(until line: String) throws {
    guard let programs = Self.programs else { throw ProgramError.notFound("PostgreSQL's server") }
    let fixed = [
      "listen_addresses": "", "unix_socket_directories": directory.path, "port": "5432", "fsync": "off",
      "shared_buffers": "32MB", "max_connections": "80", "timezone": "UTC", "lc_messages": "C",
    ]
    let all = fixed.merging(settings) { $1 }.sorted { $0.key < $1.key }.flatMap {
      ["-c", "\($0.key)=\($0.value)"]
    }
    let command = ServerUser.command(
      programs.appending(path: "postgres").path, ["-D", directory.appending(path: "data").path] + all)
    let running = try RunningProgram.start(
      command[0], arguments: Array(command.dropFirst()), workingDirectory: directory)
    program.withLock { $0 = running }
    try running.blockForOutput(
      containing: line, timeout: Self.startTimeout)
  }

  /// Stops it and removes its data; harmless when done already.
  public func remove() {
    stopImmediately()
    program.withLock { $0?.kill() }
    try? FileManager.default.removeItem(at: directory)
  }

  private func initialise(_ programs: URL) throws {
    let data = directory.appending(path: "data").path
    let command = ServerUser.command(
      programs.appending(path: "initdb").path,
      ["-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"])
    let running = try RunningProgram.start(
      command[0], arguments: Array(command.dropFirst()), workingDirectory: directory)
    running.blockForExit(timeout: Self.startTimeout)
    guard running.exit == .code(0) else { throw ProgramError.ended("initdb to succeed", running.output) }
    let access = """
      local all \(Self.roleWithPassword) scram-sha-256
      local all all trust
      local replication all trust

      """
    try Data(access.utf8).write(to: directory.appending(path: "data/pg_hba.conf"))
  }

  /// Removes what test processes left behind that were killed themselves.
  private static func removeStaleDirectories() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? []
    where name.hasPrefix(directoryPrefix) {
      guard let pid = pid_t(name.dropFirst(directoryPrefix.count).prefix { $0 != "-" }) else { continue }
      if Glibc.kill(pid, 0) == -1 && errno == ESRCH {
        try? FileManager.default.removeItem(atPath: "/tmp/\(name)")
      }
    }
  }
}

/// The unprivileged user that root runs the server as.
private struct ServerUser {
  let id: uid_t
  let group: gid_t

  /// nil when this process is not root's: then it runs as this process does.
  static let current: ServerUser? = {
    guard getuid() == 0 else { return nil }
    for name in ["postgres", "nobody"] {
      if let entry = getpwnam(name) {
        return ServerUser(id: entry.pointee.pw_uid, group: entry.pointee.pw_gid)
      }
    }
    return nil
  }()

  static func command(_ executable: String, _ arguments: [String]) -> [String] {
    guard let user = current else { return [executable] + arguments }
    // The kernel forgets the signal at the parent's death when the user changes, so it is asked for once more.
    return [
      "setpriv", "--reuid=\(user.id)", "--regid=\(user.group)", "--clear-groups",
      "setpriv", "--pdeathsig", "KILL", executable,
    ] + arguments
  }
}
