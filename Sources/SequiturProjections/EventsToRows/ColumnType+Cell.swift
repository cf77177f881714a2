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
    case .text:
      let text = try text(value)
      if let length, text.utf8.count > length, text.unicodeScalars.count > length {
        throw expected("at most \(length.counted("character"))", value)
      }
      return .text(text)
    case .other: return .text(try text(value))
    case .integer(let bits): return .integer(try integer(value, bits))
    case .numeric:
      let text = try number(value)
      let digits = NumberDigits(text)
      if let precision {
        if digits.fraction > precision.scale {
          throw expected("at most \(precision.scale.counted("digit")) behind the point", value)
        }
        if digits.whole > precision.digits - precision.scale {
          throw expected(
            "at most \(max(0, precision.digits - precision.scale).counted("digit")) before the point", value)
        }
      }
      guard digits.whole <= NumberDigits.wholeMax, digits.fraction <= NumberDigits.fractionMax else {
        throw expected(
          "at most \(NumberDigits.wholeMax) digits before the point and \(NumberDigits.fractionMax) behind it",
          value)
      }
      return .number(text)
    case .double:
      let text = try number(value)
      let isReal = unbounded == "real"
      let number = isReal ? Float(text).map { Double($0) } : Double(text)
      guard let number, number.isFinite, number != 0 || NumberDigits(text).isZero else {
        throw expected(isReal ? "a number within single precision" : "a number within a double", value)
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
    guard case .number(let text) = value, let number = Int64(text), Self.range(bits).contains(number) else {
      throw expected("a whole number of \(bits) bits", value)
    }
    return number
  }

  /// What whole numbers of so many bits can be.
  static func range(_ bits: Int) -> ClosedRange<Int64> {
    bits == 64 ? Int64.min...Int64.max : -(1 << (bits - 1))...(1 << (bits - 1)) - 1
  }

  private func number(_ value: EventValue) throws(ValueFault) -> String {
    guard case .number(let text) = value else { throw expected("a number", value) }
    return text
  }

  private func json(_ value: EventValue) throws(ValueFault) -> String {
    switch value {
    case .null: return "null"
    case .boolean(let value): return value ? "true" : "false"
    case .number(let text), .json(let text): return try stored(text)
    case .text(let text): return try stored(JSONText.quoted(text))
    case .bytes: throw expected("JSON", value)
    }
  }

  /// A document as `jsonb` takes it: that keeps texts decoded, and has no NUL and no half of a surrogate pair in them.
  private func stored(_ json: String) throws(ValueFault) -> String {
    guard unbounded == "jsonb", json.utf8.contains(UInt8(ascii: "\\")) else { return json }
    var rest = json[...]
    while let escape = rest.firstIndex(of: "\\") {
      rest = rest[rest.index(after: escape)...]
      guard rest.first == "u" else {
        rest = rest.dropFirst()
        continue
      }
      let unit = UInt16(rest.dropFirst().prefix(4), radix: 16) ?? 0
      rest = rest.dropFirst(5)
      var isPair = true
      if unit & 0xfc00 == 0xd800 {
        let low = rest.hasPrefix("\\u") ? UInt16(rest.dropFirst(2).prefix(4), radix: 16) ?? 0 : 0
        isPair = low & 0xfc00 == 0xdc00
        rest = isPair ? rest.dropFirst(6) : rest
      } else {
        isPair = unit & 0xfc00 != 0xdc00
      }
      guard isPair, unit != 0 else {
        throw ValueFault(
          message:
            "Expected texts without \\u0000 and halves of surrogate pairs for the type jsonb, but found "
            + "\\u\(String(unit, radix: 16))")
      }
    }
    return json
  }

  private static func isTime(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { isTime(UnsafeRawBufferPointer($0)) }
  }

  /// Times that every database takes: of the years 1 to 9999, and at most 15:59 from UTC.
  static func isTime(_ text: UnsafeRawBufferPointer) -> Bool {
    guard TimeText.milliseconds(rfc3339: text) != nil, !text.starts(with: "0000-".utf8) else { return false }
    guard let sign = text.dropFirst(11).firstIndex(where: { $0 == 0x2b || $0 == 0x2d }) else { return true }
    return text[(sign + 1)...].prefix(2).reduce(0) { 10 * $0 + Int($1) - 48 } < 16
  }
}

/// How many digits a number of JSON has before and behind its point, written without an exponent.
struct NumberDigits {
  /// What PostgreSQL's `numeric` takes (its documentation, 8.1.2).
  static let wholeMax = 131_072
  static let fractionMax = 16_383

  /// Before the point. Below 0: so many zeros stand right behind it.
  private(set) var whole = 0
  /// Behind the point, zeros at the end aside.
  private(set) var fraction = 0
  private(set) var isZero = true

  init(_ number: String) {
    var exponent = 0
    var digits: Substring.UTF8View = number[...].utf8
    if let mark = digits.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
      let text = String(Substring(digits[digits.index(after: mark)...]))
      // An exponent beyond 64 bits is one that no column takes.
      exponent = Int(text) ?? (text.hasPrefix("-") ? -1 << 40 : 1 << 40)
      exponent = min(max(exponent, -1 << 40), 1 << 40)
      digits = digits[..<mark]
    }
    var (before, count, first, last) = (0, 0, -1, -1)
    var isBehind = false
    for byte in digits {
      guard byte != UInt8(ascii: ".") else {
        isBehind = true
        continue
      }
      guard 48...57 ~= byte else { continue }
      if byte != 48 { (first, last) = (first < 0 ? count : first, count) }
      if !isBehind { before += 1 }
      count += 1
    }
    guard first >= 0 else { return }
    isZero = false
    whole = before - first + exponent
    fraction = max(0, last + 1 - before - exponent)
  }
}
