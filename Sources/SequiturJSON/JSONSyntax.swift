/// Checks that bytes are exactly one JSON object (RFC 8259) in UTF-8.
///
/// `JSONDecoder` looks only at the parts that a type asks for, and would take a broken number in another field.
/// Whether a command is malformed must not depend on what its type happens to read.
package struct JSONSyntax {
  /// How deep objects and arrays may be nested; what `JSONDecoder` takes.
  static let depthMax = 500

  /// What is wrong, and at which byte.
  package struct Fault: Error, CustomStringConvertible {
    let expected: String
    let offset: Int

    package var description: String { "Expected \(expected) at byte \(offset)." }
  }

  private let bytes: UnsafeRawBufferPointer
  private var offset = 0

  /// - Throws: the first fault.
  package static func checkObject(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw Fault(expected: "valid UTF-8", offset: firstInvalidUTF8(in: bytes))
    }
    var syntax = JSONSyntax(bytes: bytes)
    syntax.skipSpace()
    guard syntax.peek == UInt8(ascii: "{") else { throw syntax.fault("a JSON object") }
    try syntax.value(depth: 1)
    syntax.skipSpace()
    guard syntax.peek == nil else { throw syntax.fault("nothing after the JSON object") }
  }

  private static func firstInvalidUTF8(in bytes: UnsafeRawBufferPointer) -> Int {
    // As far as decoding with repair gives the same bytes.
    let repaired = String(decoding: bytes, as: UTF8.self).utf8
    return zip(bytes, repaired).prefix { $0 == $1 }.reduce(0) { count, _ in count + 1 }
  }

  private init(bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private func fault(_ expected: String) -> Fault { Fault(expected: expected, offset: offset) }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func value(depth: Int) throws(Fault) {
    guard depth <= Self.depthMax else { throw fault("at most \(Self.depthMax) nested values") }
    switch peek {
    case UInt8(ascii: "{"): try members(until: "}", depth: depth, named: true)
    case UInt8(ascii: "["): try members(until: "]", depth: depth, named: false)
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "t"): try literal("true")
    case UInt8(ascii: "f"): try literal("false")
    case UInt8(ascii: "n"): try literal("null")
    default: try number()
    }
  }

  private mutating func members(until end: Unicode.Scalar, depth: Int, named: Bool) throws(Fault) {
    offset += 1
    skipSpace()
    if take(end) { return }
    while true {
      if named { try name() }
      try value(depth: depth + 1)
      skipSpace()
      if take(end) { return }
      guard take(",") else { throw fault("a comma or \(end)") }
      skipSpace()
    }
  }

  private mutating func name() throws(Fault) {
    guard peek == UInt8(ascii: "\"") else { throw fault("a field's name") }
    try string()
    skipSpace()
    guard take(":") else { throw fault("a colon") }
    skipSpace()
  }

  private mutating func string() throws(Fault) {
    offset += 1
    while let byte = peek {
      if byte < 0x20 { throw fault("an escape instead of a control character") }
      offset += 1
      if byte == UInt8(ascii: "\"") { return }
      if byte == UInt8(ascii: "\\") { try escape() }
    }
    throw fault("the string's end")
  }

  private mutating func escape() throws(Fault) {
    guard let byte = peek, #""\/bfnrtu"#.utf8.contains(byte) else { throw fault("an escape") }
    offset += 1
    guard byte == UInt8(ascii: "u") else { return }
    for _ in 0..<4 {
      guard let digit = peek, Character(Unicode.Scalar(digit)).isHexDigit else {
        throw fault("a hexadecimal digit")
      }
      offset += 1
    }
  }

  private mutating func literal(_ text: StaticString) throws(Fault) {
    let end = offset + text.utf8CodeUnitCount
    guard end <= bytes.count,
      bytes[offset..<end].elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: end - offset))
    else { throw fault("a value") }
    offset = end
  }

  private mutating func number() throws(Fault) {
    _ = take("-")
    if !take("0") { try digits("a value") }
    if take(".") { try digits("a digit") }
    if take("e") || take("E") {
      _ = take("+") || take("-")
      try digits("a digit")
    }
  }

  private mutating func digits(_ expected: String) throws(Fault) {
    let first = offset
    while let byte = peek, 48...57 ~= byte { offset += 1 }
    guard offset > first else { throw fault(expected) }
  }
}
