import SequiturHTTP

/// The names and values of a query (`application/x-www-form-urlencoded`); of a name that repeats, the last one counts.
struct QueryItems {
  private var values: [String: String] = [:]

  /// Reads a query without its question mark. What cannot be decoded is left out.
  init(_ query: String) {
    for item in query.split(separator: "&") {
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.text(parts[0]), let value = Self.text(parts.count > 1 ? parts[1] : "") else {
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
