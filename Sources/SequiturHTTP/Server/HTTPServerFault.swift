import Glibc
import NIOCore
import ReadableText

/// Why a server cannot listen: a sentence with what was expected, what is, and what to do.
public struct HTTPServerFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// The sentence.
  public let description: String

  init(_ description: String) { self.description = description }

  /// Why an address cannot be listened at.
  init(of error: any Error, at address: HTTPAddress) {
    if let fault = error as? HTTPServerFault {
      self = fault
      return
    }
    let cause: (fact: String, cure: String) =
      switch (error as? IOError)?.errnoCode {
      case EADDRINUSE?: ("the port is taken", "Name another port, or 0 for any free one.")
      case EADDRNOTAVAIL?:
        ("this machine does not have that address", "Name one of its own, or 0.0.0.0 for all of them.")
      case EACCES?, EPERM?:
        ("this user may not take that port", "Name one above 1023, or give the process the right.")
      default:
        (ShownText.line("\(error)", atMost: 300), "Name an address of this machine, like 127.0.0.1:9464.")
      }
    self.init("Expected to listen at \(address), but \(cause.fact). \(cause.cure)")
  }
}
