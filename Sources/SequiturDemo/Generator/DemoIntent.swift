/// A command as its author means it, before it is written as a record.
///
/// The oracle judges this form, the worker the record that is made of it: neither sees what the other reads.
struct DemoIntent: Sendable {
  /// A field's value in the payload.
  enum Value: Sendable, Hashable {
    case text(String)
    case integer(Int)
  }

  /// What stands in the payload.
  enum Body: Sendable {
    /// An object with these fields, some of which the rules know.
    case fields([(name: String, value: Value)])
    /// Bytes that are no JSON object; nil for the null value.
    case garbage([UInt8]?)
  }

  /// The header `expected-version`.
  enum Expected: Sendable, Hashable {
    case none
    case exists
    case version(Int)
    /// A text that is no version.
    case nonsense(String)

    var text: String {
      switch self {
      case .none: "none"
      case .exists: "exists"
      case .version(let version): "\(version)"
      case .nonsense(let text): text
      }
    }
  }

  /// Nil for the null key.
  var key: [UInt8]?
  /// Nil when the command names no type at all.
  var type: String?
  /// Whether the type stands in the header `ce_type` rather than in the payload's field `type`.
  var isTypeInHeader = true
  var id: String?
  var expected: Expected?
  var body = Body.fields([])
  var traceparent: String?

  /// The value of a field, if the payload has it.
  func value(_ name: String) -> Value? {
    guard case .fields(let fields) = body else { return nil }
    return fields.first { $0.name == name }?.value
  }

  var isGarbage: Bool { if case .garbage = body { true } else { false } }
}

extension DemoIntent {
  /// The record's value; nil is null.
  var payload: [UInt8]? {
    switch body {
    case .garbage(let bytes): return bytes
    case .fields(let fields):
      var members = fields.map { "\"\($0.name)\":\($0.value.json)" }
      if let type, !isTypeInHeader { members.insert("\"type\":\"\(type)\"", at: 0) }
      return Array("{\(members.joined(separator: ","))}".utf8)
    }
  }
}

extension DemoIntent.Value {
  /// The texts are the demo's own and need no escaping.
  fileprivate var json: String {
    switch self {
    case .text(let text): "\"\(text)\""
    case .integer(let number): "\(number)"
    }
  }
}
