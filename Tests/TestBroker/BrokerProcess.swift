import Foundation
import Synchronization

/// A test broker of its own: for a test that stops it, or that would fill the shared one.
///
/// noida-db speaks Kafka's protocol over TCP, in one process. It keeps some 330 bytes of memory for each message, does
/// not end on SIGTERM in good time and does not survive a restart: it is killed, and its directory thrown away.
public final class BrokerProcess: Sendable {
  private static let startAttemptsMax = 3
  private static let startTimeout = Duration.seconds(20)
  private static let directoryPrefix = "sequitur-broker-"

  public let port: UInt16
  private let program: RunningProgram
  private let directory: URL

  /// What goes into `bootstrap.servers`.
  public var bootstrap: String { "127.0.0.1:\(port)" }

  /// Starts a broker on a port that the operating system picks; returns when it accepts connections.
  ///
  /// Blocks for about 0.1 s, 20 s at most. The broker dies with this process at the latest.
  public static func start() throws -> BrokerProcess {
    guard let executable else {
      throw ProgramError.notFound("the test broker in .venv, installed by scripts/setup --with-broker")
    }
    removeStaleDirectories()
    var attempt = 1
    while true {
      do {
        return try BrokerProcess(executable)
      } catch  where attempt < startAttemptsMax {
        attempt += 1
      }
    }
  }

  /// Kills the broker and removes its data; harmless when done already.
  public func kill() {
    program.kill()
    program.blockForExit(timeout: .seconds(5))
    try? FileManager.default.removeItem(at: directory)
  }

  /// Freezes the broker: connections stay open, nothing answers.
  public func suspend() { program.suspend() }

  /// Lets a frozen broker go on.
  public func resume() { program.resume() }

  /// Whether a test broker of one's own can be started, also when the shared one is outside.
  public static var isInstalled: Bool { executable != nil }

  /// The server itself: `.venv/bin/noida-db` is a script that starts it as a child, which would survive a SIGKILL.
  static let executable: String? = {
    let lib = PackageRoot.url.appending(path: ".venv/lib")
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: lib.path)) ?? []
    return versions.sorted()
      .map { lib.appending(path: "\($0)/site-packages/noida_db/noida-db").path }
      .first { access($0, X_OK) == 0 }
  }()

  private init(_ executable: String) throws {
    let name = "\(Self.directoryPrefix)\(getpid())-\(UInt32.random(in: 0 ... .max))"
    directory = FileManager.default.temporaryDirectory.appending(path: name)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    do {
      program = try RunningProgram.start(
        executable,
        arguments: ["start", "--only", "kafka", "--data-dir", directory.path, "--kafka-port", "0"],
        workingDirectory: directory)
      port = try Self.waitUntilReady(program)
    } catch {
      try? FileManager.default.removeItem(at: directory)
      throw error
    }
    AtExit.run { [self] in kill() }
  }

  /// Returns the port it printed, as soon as it accepts connections there.
  private static func waitUntilReady(_ program: RunningProgram) throws -> UInt16 {
    do {
      // The last line of its greeting, after "kafka   127.0.0.1:40073".
      try program.blockForOutput(containing: "press Ctrl-C", timeout: startTimeout)
      let printed = program.output.standardOutput
      guard let port = printed.firstMatch(of: /kafka +127\.0\.0\.1:([0-9]+)/).flatMap({ UInt16($0.1) }) else {
        throw ProgramError.ended("the broker to print its port", program.output)
      }
      for _ in 0..<100 where !FreePort.answers(port) { usleep(20_000) }
      guard FreePort.answers(port) else {
        throw ProgramError.timedOut("the broker to accept connections on port \(port)", program.output)
      }
      return port
    } catch {
      program.kill()
      throw error
    }
  }

  /// Removes what test processes left behind that were killed themselves.
  private static func removeStaleDirectories() {
    let temporary = FileManager.default.temporaryDirectory
    let names = (try? FileManager.default.contentsOfDirectory(atPath: temporary.path)) ?? []
    for name in names where name.hasPrefix(directoryPrefix) {
      guard let pid = pid_t(name.dropFirst(directoryPrefix.count).prefix { $0 != "-" }) else { continue }
      if Glibc.kill(pid, 0) == -1 && errno == ESRCH {
        try? FileManager.default.removeItem(at: temporary.appending(path: name))
      }
    }
  }
}

/// Actions for the end of the test process.
public enum AtExit {
  private static let actions: Mutex<[@Sendable () -> Void]> = {
    atexit { AtExit.actions.withLock { $0 }.forEach { $0() } }
    return Mutex([])
  }()

  /// Runs the action when this process ends by itself.
  public static func run(_ action: @escaping @Sendable () -> Void) {
    actions.withLock { $0.append(action) }
  }
}
