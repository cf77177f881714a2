import ReadableText

/// Something wrong in a rules file, and where. The sentences stand where a fault is found: in the extensions of `RulesReader`,
/// and for expressions in `TypeChecker` and `ExpressionParser`.
public struct RulesFault: Error, Sendable, Hashable, Codable, CustomStringConvertible {
  /// How bad it is.
  public enum Severity: String, Sendable, Hashable, Codable {
    /// The rules cannot be used.
    case error
    /// The rules can be used, but probably do not say what was meant.
    case warning
  }

  /// Whether the rules can be used all the same.
  public let severity: Severity
  /// The file, as it was named to the reader.
  public let path: String
  /// From 1.
  public let line: Int
  /// From 1, counted in Unicode scalars.
  public let column: Int
  /// What was expected, what was found, and the cure where there is one.
  public let message: String

  /// Like `orders.yaml:12:9: Expected …`.
  ///
  /// One line, whatever names the file holds.
  public var description: String {
    let text = "\(path):\(line):\(column): \(severity == .warning ? "warning: " : "")\(message)."
    return ShownText.line(text.replacingEnd("?.", with: "?"), atMost: nil)
  }
}

extension String {
  fileprivate func replacingEnd(_ end: String, with other: String) -> String {
    hasSuffix(end) ? String(dropLast(end.count)) + other : self
  }
}

/// All that is wrong with a rules file.
public struct RulesFaults: Error, Sendable, Hashable, CustomStringConvertible {
  /// In the order of the file; at least one is an error.
  public let faults: [RulesFault]

  package init(faults: [RulesFault]) { self.faults = faults }

  /// One line for each.
  public var description: String {
    faults.map(\.description).joined(separator: "\n")
  }
}
