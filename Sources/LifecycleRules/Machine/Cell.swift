import JSONFields
import RulesModel
import Sequitur

/// A value on the machine's stack: 16 bytes whose meaning the program knows.
struct Cell {
  var wide: Int128

  init(wide: Int128) { self.wide = wide }

  init(integer: Int64) { wide = Int128(truncatingIfNeeded: UInt64(bitPattern: integer)) }

  init(boolean: Bool) { wide = boolean ? 1 : 0 }

  /// A number is a double, or an exact integer as long as nobody reckons with it.
  init(number: Double) { wide = Int128(number.bitPattern) }

  init(exactNumber integer: Int64) {
    wide = Int128(truncatingIfNeeded: UInt64(bitPattern: integer)) | (1 << 64)
  }

  init(bytes: UnsafeRawBufferPointer) {
    let address = UInt64(UInt(bitPattern: bytes.baseAddress))
    wide = Int128(truncatingIfNeeded: address) | Int128(bytes.count) << 64
  }

  var integer: Int64 { Int64(truncatingIfNeeded: wide) }

  var boolean: Bool { wide != 0 }

  var isExactNumber: Bool { wide >> 64 != 0 }

  /// A number's nearest double.
  var number: Double {
    isExactNumber ? Double(integer) : Double(bitPattern: UInt64(truncatingIfNeeded: wide))
  }

  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: UnsafeRawPointer(bitPattern: UInt(UInt64(truncatingIfNeeded: wide))),
      count: Int(truncatingIfNeeded: wide >> 64))
  }

  /// A constant; texts are owned by what is added to `owners`.
  init(_ constant: Constant, as type: FieldType, _ owners: inout [PermanentBytes]) {
    switch constant {
    case .integer(let integer): self = type == .number ? Cell(exactNumber: integer) : Cell(integer: integer)
    case .timestamp(let value), .duration(let value): self.init(integer: value)
    case .number(let number): self.init(number: number)
    case .decimal(let decimal): self.init(wide: decimal.unscaled)
    case .boolean(let boolean): self.init(boolean: boolean)
    case .string(let text):
      let owner = Array(text.utf8).withUnsafeBytes { PermanentBytes($0) }
      owners.append(owner)
      self.init(bytes: owner.bytes)
    case .list(let items):
      var writer = ByteWriter()
      for item in items {
        writer.append(littleEndian: UInt32(item.utf8.count))
        writer.append(item)
      }
      let owner = PermanentBytes(writer.bytes)
      owners.append(owner)
      self.init(bytes: owner.bytes)
    }
  }

  /// A field's value; its kind is that of a value which is there.
  init(_ value: csj_value, _ kind: CellKind) {
    switch kind {
    case .integer: self.init(integer: value.integer)
    case .boolean: self.init(boolean: value.boolean)
    case .number:
      self = value.kind == CSJ_INTEGER ? Cell(exactNumber: value.integer) : Cell(number: value.number)
    case .wide: self.init(wide: value.wide)
    case .string, .list: self.init(bytes: value.bytes)
    }
  }

  /// The cell as a field's value. A decimal's bytes are written to `wide`, which must live as long.
  func value(_ kind: CellKind, wide place: UnsafeMutablePointer<Int128>) -> csj_value {
    var value = csj_value()
    switch kind {
    case .integer:
      value.kind = CSJ_INTEGER
      value.integer = integer
    case .boolean:
      value.kind = CSJ_BOOLEAN
      value.boolean = boolean
    case .number:
      value.kind = isExactNumber ? CSJ_INTEGER : CSJ_NUMBER
      if isExactNumber { value.integer = integer } else { value.number = number }
    case .wide:
      place.pointee = wide
      value = csj_value(wide: place)
    case .string, .list:
      let bytes = bytes
      value.kind = kind == .list ? CSJ_LIST : CSJ_STRING
      value.string = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      value.length = UInt32(bytes.count)
    }
    return value
  }
}

extension csj_value {
  /// A decimal's unscaled value, which stands in the value's bytes.
  var wide: Int128 { UnsafeRawPointer(string).loadUnaligned(as: Int128.self) }

  /// A decimal whose unscaled value stands there.
  init(wide: UnsafePointer<Int128>) {
    self.init()
    kind = CSJ_WIDE
    string = UnsafeRawPointer(wide).assumingMemoryBound(to: UInt8.self)
    length = UInt32(MemoryLayout<Int128>.size)
  }
}

/// Walks the items of a list.
struct ListItems: Sequence, IteratorProtocol {
  private var rest: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

  mutating func next() -> UnsafeRawBufferPointer? {
    guard rest.count >= 4 else { return nil }
    let length = Int(rest.loadUnaligned(as: UInt32.self))
    let item = UnsafeRawBufferPointer(rebasing: rest[4..<(4 + length)])
    rest = UnsafeRawBufferPointer(rebasing: rest[(4 + length)...])
    return item
  }
}
