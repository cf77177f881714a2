import JSONFields

/// What ``RulesFile/check(_:path:)-(String,_)`` found.
public struct RulesCheck: Sendable, Hashable, CustomStringConvertible {
  /// The rules; nil when there is an error.
  public let rules: Rules?
  /// Errors and warnings, in the order of the file.
  public let faults: [RulesFault]

  /// Those that keep the rules from being used.
  public var errors: [RulesFault] { faults.filter { $0.severity == .error } }
  /// Those that do not.
  public var warnings: [RulesFault] { faults.filter { $0.severity == .warning } }

  /// One line for each fault; empty when there is none.
  public var description: String {
    faults.map(\.description).joined(separator: "\n")
  }

  /// A JSON object on one line, like
  /// `{"valid":false,"faults":[{"severity":"error","path":"a.yaml","line":1,"column":2,"message":"…"}]}`.
  public var json: String {
    let faults = faults.map { fault in
      "{\"severity\":\"\(fault.severity.rawValue)\",\"path\":\(JSONText.quoted(fault.path)),\"line\":\(fault.line),"
        + "\"column\":\(fault.column),\"message\":\(JSONText.quoted(fault.message))}"
    }
    return "{\"valid\":\(rules != nil),\"faults\":[\(faults.joined(separator: ","))]}"
  }
}
