import Foundation
import Synchronization

/// The broker that the broker tests share.
///
/// With `SEQUITUR_TEST_BOOTSTRAP` set it is the one at that address (a real Apache Kafka), and nothing is started.
/// Otherwise it is a test broker, started once for each test process when the first test asks for it and killed at the
/// process's end.
///
/// ```swift
/// @Test(.enabled(if: TestBroker.isAvailable))
/// func `a committed record is read back`() throws {
///   let bootstrap = try TestBroker.bootstrap()
///   let topic = TestBroker.uniqueName("commands")
///   …
/// }
/// ```
///
/// Broker tests run unchanged against either: they own their topics and groups, wait for what they need and assume no
/// timing. The test broker proves nothing about session expiry, `cooperative-sticky` (it stalls), generation fencing in
/// TxnOffsetCommit, transaction time-outs, long-polling fetches, compaction, or anything after its own restart.
public enum TestBroker {
  /// The environment variable that names an outside broker.
  public static let variable = "SEQUITUR_TEST_BOOTSTRAP"

  private static let outside: String? = ProcessInfo.processInfo.environment[variable].flatMap {
    $0.isEmpty ? nil : $0
  }
  private static let shared = Mutex<Result<BrokerProcess, any Error>?>(nil)

  /// Whether broker tests can run; says so loudly, once, when they cannot.
  public static let isAvailable: Bool = {
    if outside != nil || BrokerProcess.executable != nil { return true }
    let warning = """
      ################################################################################
      WARNING: every broker test is SKIPPED: there is no broker.
      Run scripts/setup --with-broker, or set \(variable)=host:port.
      ################################################################################

      """
    FileHandle.standardError.write(Data(warning.utf8))
    return false
  }()

  /// Whether the tests run against a broker from outside, which does what a real Kafka does.
  public static var isOutside: Bool { outside != nil }

  /// What goes into `bootstrap.servers`; starts the test broker on first use, which blocks for about 0.1 s.
  ///
  /// Throws `ProgramError` when it does not start; then every later call throws the same at once.
  public static func bootstrap() throws -> String {
    if let outside { return outside }
    return try shared.withLock { shared in
      let started = shared ?? Result { try BrokerProcess.start() }
      shared = started
      return try started.get().bootstrap
    }
  }

  /// A name that no other test and no earlier run used: for a topic, a group, a transactional id.
  public static func uniqueName(_ prefix: String) -> String {
    "\(prefix)-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
  }
}
