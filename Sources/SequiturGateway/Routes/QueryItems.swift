import SequiturHTTP

/// The names and values of a query (`application/x-www-form-urlencoded`); values that cannot be used are told by their name.
struct QueryItems {
  private var values: [String: String] = [:]
  /// Names whose value cannot be decoded, or that stand more than once with different ones.
  private(set) var unusable: Set<String> = []

  /// Reads a query without its question mark.
  init(_ query: String) {
    for item in query.split(separator: "&") {
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.text(parts[0]) else { continue }
      guard let value = Self.text(parts.count > 1 ? parts[1] : ""), values[name] ?? value == value else {
        unusable.insert(name)
        continue
      }
      values[name] = value
    }
  }

  subscript(name: String) -> String? { values[name] }

  private static func text(_ part: Substring) -> String? {
    PercentText.decode(part.replacing("+", with: "%20").utf8).flatMap {
      String(validating: $0, as: UTF8.self)
    }
  }
}
