import Logging
import SequiturAccess
import SequiturHTTP
import TerminalView

/// Who may do what at a command's doors.
enum DoorAccess {
  /// Reads the access file, and looks at it again and again as long as the process lives.
  ///
  /// - Parameter path: nil: nobody is asked who they are.
  /// - Throws: a ``CommandFailure`` with all that is wrong with the file.
  static func gate(
    _ path: String?, at address: HTTPAddress, _ tls: TLSFiles?, logger: Logger
  ) async throws -> AccessGate? {
    guard let path else { return nil }
    let gate: AccessGate
    do throws(AccessFault) {
      gate = try await AccessGate(file: path, logger: logger)
    } catch {
      throw CommandFailure("\(error)")
    }
    if tls == nil, !address.isLoopback {
      logger.warning(
        "tokens travel without encryption",
        metadata: [
          "address": "\(address)", "cure": "give --http-certificate and --http-key, or put TLS before it",
        ])
    }
    Task { await gate.watch() }
    return gate
  }

  /// Refuses an address that others reach where nobody is asked who they are, and nobody said that this is meant.
  static func check(
    _ address: HTTPAddress, flag: String, _ accessFile: String?, isInsecure: Bool
  ) throws {
    guard isInsecure || accessFile != nil || address.isLoopback else {
      throw CommandFailure(
        "Expected a loopback address such as 127.0.0.1:8080 with \(flag), but others reach \(address), and nobody is asked "
          + "who they are. Say who may do what with --auth FILE, or put a proxy before it that asks and say --insecure."
      )
    }
  }
}
