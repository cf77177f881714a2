/// The members of a JSON object as the bytes they stand in, so that a value can be passed on exactly.
///
/// For documents that ``JSONReader`` has accepted: of anything else it makes nonsense, but reads no byte outside.
package struct JSONMembers: Sequence, IteratorProtocol {
  package struct Member {
    /// The name's bytes between the quotes, with its escapes.
    package let name: UnsafeRawBufferPointer
    package let value: UnsafeRawBufferPointer
    /// From the name's quote to the end of the value.
    package let whole: UnsafeRawBufferPointer

    /// The name with its escapes replaced.
    package var nameText: String { JSONText.unescaped(name) }

    /// The name's index in the table; nil when it is not there.
    package func index(in names: NameTable) -> Int? {
      guard name.contains(UInt8(ascii: "\\")) else { return names.index(of: name) }
      return names.index(of: nameText)
    }

    /// Whether the table has the name.
    package func isNamed(in names: NameTable) -> Bool { index(in: names) != nil }
  }

  private let bytes: UnsafeRawBufferPointer
  private var index = 0

  package init(_ object: UnsafeRawBufferPointer) {
    bytes = object
    skipSpace()
    index += 1
  }

  package mutating func next() -> Member? {
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
    let valueStart = index
    skipValue()
    return Member(name: name, value: slice(valueStart, index), whole: slice(start, index))
  }

  /// The byte there; 0 behind the end.
  private func at(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

  private func slice(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
    let end = Swift.min(end, bytes.count)
    return UnsafeRawBufferPointer(rebasing: bytes[Swift.min(start, end)..<end])
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
  }

  private mutating func skipSpace() {
    while Self.isSpace(at(index)) { index += 1 }
  }

  /// To behind the closing quote of the string that opens here.
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
}
