/// The members of a JSON object as the bytes they stand in, so that a value can be passed on exactly.
///
/// For documents that have been validated: of anything else it makes nonsense, but reads no byte outside.
package enum JSONMembers {
  /// Lends each member's name (raw, without the quotes) and value (raw), in order.
  package static func forEach<E: Error>(
    in object: UnsafeRawBufferPointer,
    _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(E) -> Void
  ) throws(E) {
    var index = skipSpace(object, 0)
    guard index < object.count, object[index] == UInt8(ascii: "{") else { return }
    index = skipSpace(object, index + 1)
    while index < object.count, object[index] == UInt8(ascii: "\"") {
      let nameEnd = endOfString(object, index)
      let name = slice(object, index + 1, nameEnd - 1)
      index = skipSpace(object, nameEnd)
      guard index < object.count, object[index] == UInt8(ascii: ":") else { return }
      index = skipSpace(object, index + 1)
      let end = endOfValue(object, index)
      try body(name, slice(object, index, end))
      index = skipSpace(object, end)
      guard index < object.count, object[index] == UInt8(ascii: ",") else { return }
      index = skipSpace(object, index + 1)
    }
  }

  /// The text of a JSON string's raw bytes, without the quotes.
  package static func text(_ raw: UnsafeRawBufferPointer) -> String {
    guard raw.contains(UInt8(ascii: "\\")) else { return String(decoding: raw, as: UTF8.self) }
    var units: [UInt16] = []
    let source = Array(String(decoding: raw, as: UTF8.self).utf16)
    var index = 0
    while index < source.count {
      guard source[index] == 0x5c, index + 1 < source.count else {
        units.append(source[index])
        index += 1
        continue
      }
      index += 2
      switch source[index - 1] {
      case 0x62: units.append(8)  // b
      case 0x66: units.append(12)  // f
      case 0x6e: units.append(10)  // n
      case 0x72: units.append(13)  // r
      case 0x74: units.append(9)  // t
      case 0x75 where index + 4 <= source.count:  // u and four digits
        let digits = String(decoding: source[index..<(index + 4)], as: UTF16.self)
        units.append(UInt16(digits, radix: 16) ?? 0xfffd)
        index += 4
      case let other: units.append(other)
      }
    }
    return String(decoding: units, as: UTF16.self)
  }

  private static func slice(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int)
    -> UnsafeRawBufferPointer
  {
    let end = min(end, bytes.count)
    return UnsafeRawBufferPointer(rebasing: bytes[min(start, end)..<end])
  }

  private static func skipSpace(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int {
    var index = start
    while index < bytes.count, isSpace(bytes[index]) { index += 1 }
    return index
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
  }

  /// Behind the closing quote of the string that opens at `start`.
  private static func endOfString(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int {
    var index = start + 1
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\\"): index += 2
      case UInt8(ascii: "\""): return index + 1
      default: index += 1
      }
    }
    return bytes.count
  }

  private static func endOfValue(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Int {
    var index = start
    var depth = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        index = endOfString(bytes, index)
        if depth == 0 { return index }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return index }
        depth -= 1
        if depth == 0 { return index + 1 }
      case let byte where depth == 0 && (byte == UInt8(ascii: ",") || isSpace(byte)): return index
      default: break
      }
      index += 1
    }
    return bytes.count
  }
}
