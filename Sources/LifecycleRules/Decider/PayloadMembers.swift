import CSimdJSON

/// The members of a JSON object as the bytes they stand in.
///
/// For documents that a reader has accepted: of anything else it makes nonsense, but reads no byte outside.
struct PayloadMembers: Sequence, IteratorProtocol {
  struct Member {
    /// The name's bytes between the quotes, with its escapes.
    let name: UnsafeRawBufferPointer
    /// From the name's quote to the end of the value.
    let whole: UnsafeRawBufferPointer

    /// Whether the table has the name.
    func isNamed(in names: NameTable) -> Bool {
      guard name.contains(UInt8(ascii: "\\")) else { return names.index(of: name) != nil }
      return names.index(of: PayloadMembers.unescaped(name)) != nil
    }
  }

  private let bytes: UnsafeRawBufferPointer
  private var index = 0

  init(_ object: UnsafeRawBufferPointer) {
    bytes = object
    skipSpace()
    index += 1
  }

  mutating func next() -> Member? {
    skipSpace()
    if at(index) == UInt8(ascii: ",") {
      index += 1
      skipSpace()
    }
    guard at(index) == UInt8(ascii: "\"") else { return nil }
    let start = index
    skipString()
    let name = slice(start + 1, index - 1)
    skipSpace()
    index += 1
    skipSpace()
    skipValue()
    return Member(name: name, whole: slice(start, index))
  }

  /// The byte there; 0 behind the end.
  private func at(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

  private func slice(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
    let end = Swift.min(end, bytes.count)
    return UnsafeRawBufferPointer(rebasing: bytes[Swift.min(start, end)..<end])
  }

  private mutating func skipSpace() {
    while [0x20, 0x09, 0x0a, 0x0d].contains(at(index)) { index += 1 }
  }

  private mutating func skipString() {
    index += 1
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    index += 1
  }

  private mutating func skipValue() {
    var depth = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        skipString()
        if depth == 0 { return }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return }
        depth -= 1
        if depth == 0 {
          index += 1
          return
        }
      case UInt8(ascii: ","), 0x20, 0x09, 0x0a, 0x0d:
        if depth == 0 { return }
      default: break
      }
      index += 1
    }
  }

  /// The text of a JSON string's bytes without its quotes.
  private static func unescaped(_ raw: UnsafeRawBufferPointer) -> String {
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
      case 0x62: units.append(8)
      case 0x66: units.append(12)
      case 0x6e: units.append(10)
      case 0x72: units.append(13)
      case 0x74: units.append(9)
      case 0x75 where index + 4 <= source.count:
        let digits = String(decoding: source[index..<(index + 4)], as: UTF16.self)
        units.append(UInt16(digits, radix: 16) ?? 0xfffd)
        index += 4
      case let other: units.append(other)
      }
    }
    return String(decoding: units, as: UTF16.self)
  }
}
