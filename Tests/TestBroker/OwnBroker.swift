import Foundation

/// A broker of the test's own, to be frozen: a test broker, or a real one.
///
/// Where the tests run against an outside broker, `SEQUITUR_TEST_OWN_BROKER` may name a program that has others: `start` prints a fresh
/// one's `host:port` as its last line, and `freeze PORT`, `thaw PORT` and `kill PORT` do that to it (SIGSTOP, SIGCONT, SIGKILL).
/// Without the variable it is a test broker.
public struct OwnBroker: Sendable {
  private enum Kind {
    case test(BrokerProcess)
    case real(program: String, port: String)
  }

  /// What goes into `bootstrap.servers`.
  public let bootstrap: String
  private let kind: Kind

  private static var program: String? {
    guard TestBroker.isOutside else { return nil }
    return ProcessInfo.processInfo.environment["SEQUITUR_TEST_OWN_BROKER"]
  }

  /// Whether there is one to be had.
  public static var isAvailable: Bool { program != nil || BrokerProcess.isInstalled }
  /// Whether it does what a real Kafka does.
  public static var isReal: Bool { program != nil }

  /// Starts one, and returns when it serves.
  public static func start() async throws -> OwnBroker {
    guard let program else {
      let broker = try BrokerProcess.start()
      return OwnBroker(bootstrap: broker.bootstrap, kind: .test(broker))
    }
    let result = try await RunningProgram.run(program, arguments: ["start"], timeout: .seconds(120))
    guard let bootstrap = result.output.standardOutput.split(separator: "\n").last.map(String.init),
      let port = bootstrap.split(separator: ":").last
    else { throw ProgramError.ended("a broker to start", result.output) }
    return OwnBroker(bootstrap: bootstrap, kind: .real(program: program, port: String(port)))
  }

  /// Connections stay open, nothing answers.
  public func freeze() { tell("freeze") { $0.suspend() } }

  /// It goes on where it was.
  public func thaw() { tell("thaw") { $0.resume() } }

  /// Ends it, frozen or not; its data are gone.
  public func kill() { tell("kill") { $0.kill() } }

  private func tell(_ word: String, _ act: (BrokerProcess) -> Void) {
    switch kind {
    case .test(let broker): act(broker)
    case .real(let program, let port):
      let process = Process()
      process.executableURL = URL(filePath: program)
      process.arguments = [word, port]
      try? process.run()
      process.waitUntilExit()
    }
  }
}
