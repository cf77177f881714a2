/// A JSON number, read and compared by the audit's own code.
///
/// By the record contract an integer within 64 bits is that integer, and every other number is the nearest double.
struct AuditNumber: Sendable {
  enum Value: Sendable {
    case integer(Int64)
    case double(Double)
  }

  let value: Value
  /// How many digits stand before the exponent, leading zeros left out.
  let digitCount: Int
  /// How many bytes the number has in its document.
  let textLength: Int
  /// As its document has it; empty for a number that stands in none.
  let text: String

  /// The number at the start of a text, whatever follows it; nil when there is none, or it is too large for a double.
  init?(startOf text: UnsafeRawBufferPointer) {
    var end = 0
    func skipDigits() -> Int {
      let start = end
      while end < text.count, 48...57 ~= text[end] { end += 1 }
      return end - start
    }
    func isNext(_ characters: StaticString) -> Bool {
      end < text.count
        && UnsafeRawBufferPointer(start: characters.utf8Start, count: characters.utf8CodeUnitCount)
          .contains(text[end])
    }
    if isNext("-") { end += 1 }
    let start = end
    let wholeLength = skipDigits()
    guard wholeLength == 1 || (wholeLength > 1 && text[start] != 48) else { return nil }
    var isInteger = true
    if isNext(".") {
      end += 1
      guard skipDigits() > 0 else { return nil }
      isInteger = false
    }
    digitCount = text[start..<end].drop { $0 == 48 || $0 == 46 }.count(where: { $0 != 46 })
    if isNext("eE") {
      end += 1
      if isNext("+-") { end += 1 }
      guard skipDigits() > 0 else { return nil }
      isInteger = false
    }
    textLength = end
    let number = String(decoding: text[..<end], as: UTF8.self)
    self.text = number
    if isInteger, let integer = Int64(number) {
      value = .integer(integer)
    } else {
      guard let double = Double(number), double.isFinite else { return nil }
      value = .double(double)
    }
  }

  /// A text that is a number and nothing else; nil when it is not.
  init?(whole text: String) {
    var text = text
    let number = text.withUTF8 { AuditNumber(startOf: UnsafeRawBufferPointer($0)) }
    guard let number, number.textLength == text.utf8.count else { return nil }
    self = number
  }

  /// A number that stands in no document, such as a literal of the rules.
  init(_ value: Value, digitCount: Int = 0) {
    self.value = value
    self.digitCount = digitCount
    textLength = 0
    text = ""
  }

  /// Below, at or above zero like this number against the other. Nothing is rounded.
  func order(to other: AuditNumber) -> Int {
    switch (value, other.value) {
    case (.integer(let first), .integer(let second)): Self.order(first, second)
    case (.double(let first), .double(let second)): Self.order(first, second)
    case (.integer(let first), .double(let second)): Self.order(first, second)
    case (.double(let first), .integer(let second)): -Self.order(second, first)
    }
  }

  private static func order<Number: Comparable>(_ first: Number, _ second: Number) -> Int {
    first == second ? 0 : first < second ? -1 : 1
  }

  private static func order(_ integer: Int64, _ double: Double) -> Int {
    // Rounded down it is an integer that is exact as a double, or far away from every Int64.
    let floor = double.rounded(.down)
    guard let whole = Int64(exactly: floor) else { return double > 0 ? -1 : 1 }
    return integer == whole ? order(floor, double) : order(integer, whole)
  }
}

extension AuditNumber: Equatable {
  /// Whether a state writes both as the same: an integer is not a double, and -0.0 not 0.0.
  static func == (first: Self, second: Self) -> Bool {
    switch (first.value, second.value) {
    case (.integer(let first), .integer(let second)): first == second
    case (.double(let first), .double(let second)): first.bitPattern == second.bitPattern
    default: false
    }
  }
}

extension AuditNumber: CustomStringConvertible {
  var description: String {
    switch value {
    case .integer(let integer): "\(integer)"
    case .double(let double): "\(double)"
    }
  }
}

extension AuditNumber {
  /// Whether it is an integer within 64 bits, as the record contract has it.
  var isInteger: Bool {
    if case .integer = value { true } else { false }
  }

  /// Whether it has 19 digits or more, or a state writes it with so many.
  var isLong: Bool {
    if case .double(let double) = value, abs(double) >= 1e17 { return true }
    return digitCount >= 19
  }
}
