import Sequitur

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
    var writer = ByteWriter()
    writer.append("{\"valid\":")
    writer.append(rules == nil ? "false" : "true")
    writer.append(",\"faults\":[")
    for (index, fault) in faults.enumerated() {
      if index > 0 { writer.append(UInt8(ascii: ",")) }
      writer.append("{\"severity\":\"\(fault.severity.rawValue)\",\"path\":" as String)
      writer.append(jsonString: fault.path)
      writer.append(",\"line\":\(fault.line),\"column\":\(fault.column),\"message\":" as String)
      writer.append(jsonString: fault.message)
      writer.append(UInt8(ascii: "}"))
    }
    writer.append("]}")
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
