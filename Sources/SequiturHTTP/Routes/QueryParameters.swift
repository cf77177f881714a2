import HTTPTypes

/// A query's parameters, read strictly: each is known, stands once and is percent-encoded. A plus is a plus.
public struct QueryParameters: Sendable {
  private var values: [String: [UInt8]] = [:]

  /// - Parameters:
  ///   - query: without its question mark.
  ///   - names: those that the route knows.
  /// - Throws: ``Problem``: 400.
  public init(_ query: String, allowing names: Set<String>) throws(Problem) {
    for part in query.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = PercentText.decode(pair[0].utf8).map({ String(decoding: $0, as: UTF8.self) }),
        names.contains(name), values[name] == nil,
        let value = PercentText.decode((pair.count > 1 ? pair[1] : "").utf8)
      else {
        throw .malformed(
          "Expected the parameters \(names.sorted().joined(separator: ", ")), each once and percent-encoded, but the "
            + "query is another one.")
      }
      values[name] = value
    }
  }

  /// The bytes of a parameter; nil without it.
  public subscript(name: String) -> [UInt8]? { values[name] }

  /// A decimal number.
  ///
  /// - Throws: ``Problem``: 400 for another text, or one out of range.
  public func number(_ name: String, in range: ClosedRange<Double>) throws(Problem) -> Double? {
    try value(name, in: range) { Double($0) }
  }

  /// A whole number in digits.
  ///
  /// - Throws: ``Problem``: 400 for another text, or one out of range.
  public func integer(_ name: String, in range: ClosedRange<Int64>) throws(Problem) -> Int64? {
    try value(name, in: range) { text in text.utf8.allSatisfy { 48...57 ~= $0 } ? Int64(text) : nil }
  }

  private func value<Number>(
    _ name: String, in range: ClosedRange<Number>, _ read: (String) -> Number?
  ) throws(Problem) -> Number? {
    guard let bytes = values[name] else { return nil }
    guard let number = read(String(decoding: bytes, as: UTF8.self)), range.contains(number) else {
      throw .malformed("Expected \(name) to be \(range.lowerBound) to \(range.upperBound), but it is not.")
    }
    return number
  }
}
