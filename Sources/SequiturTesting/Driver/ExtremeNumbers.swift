/// A payload's variants in which numbers are extreme ones.
///
/// Only the decider knows what a payload means. But where it is text, such as JSON, a number in it can be told by its digits,
/// and any sender may send another one. Numbers within JSON strings are left alone.
enum ExtremeNumbers {
  /// The ends of the integer types, and what lies beside them; a large fraction.
  static let values = [
    "0", "-1", "1", "127", "32767", "2147483647", "-2147483648", "4294967295", "9223372036854775806",
    "9223372036854775807", "-9223372036854775808", "18446744073709551615", "1e308",
  ]
  /// Numbers of one payload that are varied.
  static let numbersMax = 6

  /// Each of the first numbers replaced by each value; none when there is no number.
  static func variants(of payload: [UInt8]) -> [[UInt8]] {
    let numbers = numbers(in: payload).prefix(numbersMax)
    return numbers.flatMap { number in
      values.map {
        Array(payload[..<number.lowerBound]) + Array($0.utf8) + Array(payload[number.upperBound...])
      }
    }
  }

  /// Where numbers stand.
  private static func numbers(in payload: [UInt8]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var index = 0
    while index < payload.count {
      let byte = payload[index]
      if byte == UInt8(ascii: "\"") {
        index = end(ofStringAt: index, in: payload)
      } else if isNumberStart(at: index, in: payload) {
        let start = index
        repeat { index += 1 } while index < payload.count && isNumberPart(payload[index])
        found.append(start..<index)
      } else {
        // A word's digits are no number.
        repeat { index += 1 } while isWordPart(byte) && index < payload.count && isWordPart(payload[index])
      }
    }
    return found
  }

  /// Behind the string's closing quotation mark, or at the end.
  private static func end(ofStringAt start: Int, in payload: [UInt8]) -> Int {
    var index = start + 1
    while index < payload.count, payload[index] != UInt8(ascii: "\"") {
      index += payload[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(index + 1, payload.count)
  }

  private static func isNumberStart(at index: Int, in payload: [UInt8]) -> Bool {
    if isDigit(payload[index]) { return true }
    return payload[index] == UInt8(ascii: "-") && index + 1 < payload.count && isDigit(payload[index + 1])
  }

  private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

  private static func isNumberPart(_ byte: UInt8) -> Bool { isDigit(byte) || ".eE+-".utf8.contains(byte) }

  private static func isWordPart(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == UInt8(ascii: "_")
      || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
  }
}
