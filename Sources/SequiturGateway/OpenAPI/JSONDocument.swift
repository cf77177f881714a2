import SequiturHTTP

/// A JSON document whose members keep their order.
indirect enum JSONDocument: Sendable, ExpressibleByStringLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral
{
  case object([(String, JSONDocument)])
  case array([JSONDocument])
  case string(String)
  case int(Int64)
  case double(Double)
  case bool(Bool)

  init(stringLiteral value: String) { self = .string(value) }
  init(arrayLiteral elements: JSONDocument...) { self = .array(elements) }
  init(dictionaryLiteral elements: (String, JSONDocument)...) { self = .object(elements) }
  init(booleanLiteral value: Bool) { self = .bool(value) }
  init(integerLiteral value: Int64) { self = .int(value) }

  var text: String {
    switch self {
    case .object(let members):
      "{" + members.map { "\(JSONText.quoted($0.0)):\($0.1.text)" }.joined(separator: ",") + "}"
    case .array(let items): "[" + items.map(\.text).joined(separator: ",") + "]"
    case .string(let text): JSONText.quoted(text)
    case .int(let number): "\(number)"
    case .double(let number): "\(number)"
    case .bool(let value): "\(value)"
    }
  }
}
