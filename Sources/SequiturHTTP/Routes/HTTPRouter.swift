import HTTPTypes

/// Finds the route of a request. The first that fits counts, so that fixed paths stand before those with names.
struct HTTPRouter: Sendable {
  let routes: [HTTPRoute]

  /// What a request's target is.
  struct Target: Sendable {
    let route: HTTPRoute
    let parameters: [String: [UInt8]]
    let query: String
  }

  /// - Throws: ``Problem``: 400 for a path that is none, 404, and 405.
  func find(_ head: HTTPRequest) throws(Problem) -> Target {
    let target = head.path ?? ""
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let path = parts.first, path.hasPrefix("/") else {
      throw .malformed("Expected a path that begins with a slash, but the request's does not.")
    }
    let segments = try Self.segments(of: path)
    let method = head.method == .head ? .get : head.method
    var allowed: [String] = []
    for route in routes {
      guard let parameters = route.match(segments) else { continue }
      if route.method == method {
        return Target(
          route: route, parameters: parameters, query: parts.count > 1 ? String(parts[1]) : "")
      }
      allowed.append(route.method.rawValue)
    }
    throw allowed.isEmpty
      ? .notFound(String(path.prefix(200))) : .wrongMethod(head.method.rawValue, allowed: allowed)
  }

  private static func segments(of path: Substring) throws(Problem) -> [[UInt8]] {
    var segments: [[UInt8]] = []
    for segment in path.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      guard let bytes = PercentText.decode(segment.utf8) else {
        throw .malformed("Expected two hexadecimal digits behind each percent sign of the path.")
      }
      segments.append(bytes)
    }
    return segments
  }
}

/// Percent-encoded bytes (RFC 3986, 2.1).
public enum PercentText {
  /// The bytes; nil when a percent sign has no two digits behind it.
  public static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var iterator = text.makeIterator()
    while let byte = iterator.next() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = iterator.next().flatMap(digit), let low = iterator.next().flatMap(digit) else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  /// The bytes with everything encoded but letters, digits and `-._~`: as a path's part or a query's value.
  public static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes {
      switch byte {
      case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return text
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
  }
}
