import HTTPTypes
import SequiturHTTP

/// The token of a request: `Authorization: Bearer …` (RFC 6750, 2.1).
enum BearerField {
  /// Far above what any issuer makes of a few claims; the server's limit on heads lies above.
  static let bytesMax = 12 << 10

  /// - Returns: nil when the request has no such field.
  /// - Throws: ``Problem``: 401 for a field that holds no token.
  static func token(_ fields: HTTPFields) throws(Problem) -> String? {
    let values = fields[values: .authorization]
    guard let value = values.first else { return nil }
    guard values.count == 1 else { throw refused("Expected one Authorization, but found several.") }
    let parts = value.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else {
      throw refused("Expected `Bearer` and a token in Authorization, but it holds something else.")
    }
    let token = parts[1]
    guard token.utf8.count <= bytesMax, token.utf8.allSatisfy(mayStandInToken) else {
      throw refused(
        "Expected a token of RFC 6750 in Authorization, but it has other characters or is too long.")
    }
    return String(token)
  }

  private static func refused(_ detail: String) -> Problem { .unauthenticated(detail, isRefused: true) }

  private static func mayStandInToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    default: "-._~+/=".utf8.contains(byte)
    }
  }
}
