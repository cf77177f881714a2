import ReadableText

/// Where a server listens, or listened to: `HOST:PORT`.
public struct HTTPAddress: Sendable, Hashable, CustomStringConvertible {
  /// A name or an address; one of IPv6 without its brackets.
  public let host: String
  /// 0…65535; 0 is any free port.
  public let port: Int

  /// An address of parts that are known to be good.
  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Reads `127.0.0.1:9464`, `localhost:0` or `[::1]:9464`.
  ///
  /// - Throws: ``HTTPServerFault`` with what is wrong with the text.
  public init(parsing text: String) throws(HTTPServerFault) {
    guard let colon = text.lastIndex(of: ":") else {
      throw Self.fault(text, "it names no port")
    }
    let portText = text[text.index(after: colon)...]
    guard let port = Int(portText), (0...65535).contains(port), portText.utf8.allSatisfy(Self.isDigit) else {
      throw Self.fault(text, "its port is not 0 to 65535")
    }
    var host = text[..<colon]
    if host.first == "[", host.last == "]", host.count > 2 {
      host = host.dropFirst().dropLast()
      guard host.contains(":") else { throw Self.fault(text, "brackets stand around an IPv6 address only") }
    } else if host.contains(":") {
      throw Self.fault(text, "an IPv6 address stands in brackets, like [::1]:9464")
    }
    guard !host.isEmpty else { throw Self.fault(text, "it names no host") }
    guard host.utf8.count <= Self.hostBytesMax, host.utf8.allSatisfy(Self.mayStandInHost) else {
      throw Self.fault(text, "its host is neither a name nor an address")
    }
    self.init(host: String(host), port: port)
  }

  /// As a URL's authority has it.
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Whether only this machine reaches it. A name other than `localhost` counts as reachable from elsewhere.
  public var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  /// The longest name in the DNS (RFC 1035, 2.3.4), and room for a zone.
  private static let hostBytesMax = 300

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  private static func mayStandInHost(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "%"): true
    default: false
    }
  }

  private static func fault(_ text: String, _ why: String) -> HTTPServerFault {
    HTTPServerFault(
      "Expected an address as HOST:PORT, like 127.0.0.1:9464, but `\(ShownText.line(text, atMost: 80))` is none: \(why)."
    )
  }
}
