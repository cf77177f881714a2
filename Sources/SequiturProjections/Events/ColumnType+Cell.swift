import JSONFields
import ReadableText
import RulesModel

extension ColumnType {
  /// The value as a cell of this type.
  ///
  /// What can be judged is judged here, event by event, whatever the database: no database is asked for what it would
  /// round, cut off or take for something else.
  func cell(_ value: EventValue) throws(ValueFault) -> Cell {
    if value == .null { return .null }
    switch kind {
    case .text, .other: return .text(try text(value))
    case .integer(let bits): return .integer(try integer(value, bits))
    case .numeric:
      let text = try number(value)
      if let scale, Self.fractionDigits(text) > scale {
        throw expected("at most \(scale.counted("digit")) behind the point", value)
      }
      return .number(text)
    case .double:
      let text = try number(value)
      guard let double = Double(text), double.isFinite else {
        throw expected("a number within a double", value)
      }
      return .number(text)
    case .boolean:
      guard case .boolean(let boolean) = value else { throw expected("true or false", value) }
      return .boolean(boolean)
    case .timestamp:
      let text = try string(value, "a time like 2026-11-30T09:03:36.752Z")
      guard Self.isTime(text) else { throw expected("a time like 2026-11-30T09:03:36.752Z", value) }
      return .text(text)
    case .date:
      let text = try string(value, "a date like 2026-11-30")
      guard text.utf8.count == 10, Self.isTime(text + "T00:00:00Z") else {
        throw expected("a date like 2026-11-30", value)
      }
      return .text(text)
    case .json: return .text(try json(value))
    case .bytes:
      switch value {
      case .bytes(let bytes): return .bytes(bytes)
      case .text(let text): return .bytes(Array(text.utf8))
      case .null, .boolean, .number, .json: throw expected("a text or bytes", value)
      }
    case .uuid:
      let text = try string(value, "a UUID")
      guard text.wholeMatch(of: /[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}/) != nil else {
        throw expected("a UUID", value)
      }
      return .text(text.lowercased())
    }
  }

  private func expected(_ what: String, _ value: EventValue) -> ValueFault {
    ValueFault(message: "Expected \(what) for the type \(self), but found \(value.phrase)")
  }

  private func string(_ value: EventValue, _ what: String) throws(ValueFault) -> String {
    guard case .text(let text) = value else { throw expected(what, value) }
    return text
  }

  /// Text takes everything but what no text can hold.
  private func text(_ value: EventValue) throws(ValueFault) -> String {
    switch value {
    case .null: return ""
    case .boolean(let value): return value ? "true" : "false"
    case .number(let text): return text
    case .text(let text), .json(let text):
      guard !text.utf8.contains(0) else {
        throw ValueFault(message: "Expected a text for the type \(self), but it has a character NUL in it")
      }
      return text
    case .bytes: throw expected("a text", value)
    }
  }

  private func integer(_ value: EventValue, _ bits: Int) throws(ValueFault) -> Int64 {
    let range = bits == 64 ? Int64.min...Int64.max : -(1 << (bits - 1))...(1 << (bits - 1)) - 1
    guard case .number(let text) = value, let number = Int64(text), range.contains(number) else {
      throw expected("a whole number of \(bits) bits", value)
    }
    return number
  }

  private func number(_ value: EventValue) throws(ValueFault) -> String {
    guard case .number(let text) = value else { throw expected("a number", value) }
    return text
  }

  private func json(_ value: EventValue) throws(ValueFault) -> String {
    switch value {
    case .null: return "null"
    case .boolean(let value): return value ? "true" : "false"
    case .number(let text), .json(let text): return text
    case .text(let text): return JSONText.quoted(text)
    case .bytes: throw expected("JSON", value)
    }
  }

  /// Behind the point, zeros at the end aside; 0 for a number with an exponent, which the database judges.
  private static func fractionDigits(_ number: String) -> Int {
    guard !number.contains(where: { $0 == "e" || $0 == "E" }), let point = number.firstIndex(of: ".") else {
      return 0
    }
    return number[number.index(after: point)...].reversed().drop { $0 == "0" }.count
  }

  private static func isTime(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { TimeText.milliseconds(rfc3339: UnsafeRawBufferPointer($0)) } != nil
  }
}
