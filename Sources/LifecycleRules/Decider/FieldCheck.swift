import JSONFields
import RulesModel

/// The type that a command's field must have.
struct FieldCheck {
  let slot: Int
  let form: FieldForm
  let isRequired: Bool
  /// Which of the rule's ``CommandProgram/checkedFields`` it is.
  let index: Int
  /// Where a value that is read from a text goes to; -1 for a type that needs no reading.
  let converted: Int
  /// The slot of the number's text or of the list; 0 when there is none.
  let textSlot: Int
}

/// What a field's value looks like among a command's or a state's values.
enum FieldForm: UInt8 {
  case string, integer, number, boolean, timestamp, duration, wide, list

  init(_ type: FieldType) {
    switch type {
    case .string, .enumeration: self = .string
    case .integer: self = .integer
    case .number: self = .number
    case .boolean: self = .boolean
    case .timestamp: self = .timestamp
    case .duration: self = .duration
    case .decimal: self = .wide
    case .list: self = .list
    }
  }

  /// Whether a command may carry the value in another form than the one it is kept in.
  var isConverted: Bool {
    switch self {
    case .string, .integer, .number, .boolean: false
    case .timestamp, .duration, .wide, .list: true
    }
  }

  /// Whether the reader has to hand out the text of a number, or the items of an array.
  var needsText: Bool { self == .wide || self == .list }
}

extension csj_value {
  /// Whether the value is of a field's type, as JSON has it.
  func isOf(_ form: FieldForm) -> Bool {
    switch form {
    case .string: kind == CSJ_STRING
    case .integer: kind == CSJ_INTEGER
    case .number: kind == CSJ_INTEGER || kind == CSJ_NUMBER
    case .boolean: kind == CSJ_BOOLEAN
    case .timestamp, .duration: kind == CSJ_INTEGER
    case .wide: kind == CSJ_WIDE
    case .list: kind == CSJ_LIST
    }
  }
}

/// Why a command's value is none of its field's type.
enum FieldRefusal {
  case missing
  /// Another type than the field's.
  case type
  /// More places behind the point, or more digits, than the decimal has.
  case places
  /// A text that is no time or no duration.
  case text
  /// None of an enum's texts.
  case member
  case bound(BoundRefusal)
}

/// Which bound of a field a value does not keep to.
enum BoundRefusal {
  case min
  case max
  case length
  case items
  case member
}

/// A field's bounds with numbers instead of constants.
struct BoundsProgram {
  private let kind: CellKind
  private let min: Cell?
  private let max: Cell?
  private let lengthMax: Int64?
  private let itemsMax: Int64?
  /// An enum's texts.
  private let members: [PermanentBytes]

  /// Nil when the field has no bounds.
  init?(_ field: Rules.Field) {
    var members: [PermanentBytes] = []
    if case .enumeration(let values) = field.type {
      members = values.map { Array($0.utf8).withUnsafeBytes { PermanentBytes($0) } }
    }
    guard !field.bounds.isEmpty || !members.isEmpty else { return nil }
    var owners: [PermanentBytes] = []
    kind = CellKind(field.type)
    min = field.bounds.min.map { Cell($0, as: field.type, &owners) }
    max = field.bounds.max.map { Cell($0, as: field.type, &owners) }
    lengthMax = field.bounds.lengthMax.map { Int64($0) }
    itemsMax = field.bounds.itemsMax.map { Int64($0) }
    self.members = members
  }

  /// The bound that the value does not keep to.
  func refusal(_ value: csj_value) -> BoundRefusal? {
    switch kind {
    case .string:
      if let lengthMax, Machine.scalarCount(value.bytes) > lengthMax { return .length }
      if !members.isEmpty, !members.contains(where: { Machine.order($0.bytes, value.bytes) == 2 }) {
        return .member
      }
    case .list:
      guard let itemsMax else { return nil }
      var count: Int64 = 0
      for _ in ListItems(value.bytes) { count += 1 }
      if count > itemsMax { return .items }
    case .integer, .number, .wide:
      let cell = Cell(value, kind)
      if let min, Machine.order(cell, min, kind) == 1 { return .min }
      if let max, Machine.order(cell, max, kind) == 4 { return .max }
    case .boolean: break
    }
    return nil
  }
}

/// Reads values that commands carry as texts.
enum FieldReader {
  /// The value as it is kept, or why it is none.
  ///
  /// - Parameters:
  ///   - text: the number as it is written, or the list.
  ///   - wide: takes a decimal; must live as long as the value.
  static func read(
    _ value: csj_value, text: csj_value, as type: FieldType, wide: UnsafeMutablePointer<Int128>
  ) -> (csj_value, FieldRefusal?) {
    var result = csj_value()
    switch type {
    case .timestamp, .duration:
      if value.kind == CSJ_INTEGER { return (value, nil) }
      guard value.kind == CSJ_STRING else { return (result, .type) }
      let bytes = value.bytes
      let milliseconds =
        type == .timestamp
        ? TimeText.milliseconds(rfc3339: bytes)
        : TimeText.milliseconds(duration: String(decoding: bytes, as: UTF8.self))
      guard let milliseconds else { return (result, .text) }
      result.kind = CSJ_INTEGER
      result.integer = milliseconds
      return (result, nil)
    case .decimal(let scale):
      let isNumber = text.kind == CSJ_TEXT
      guard isNumber || value.kind == CSJ_STRING else { return (result, .type) }
      let bytes = isNumber ? text.bytes : value.bytes
      if !isNumber, !JSONNumber.isWellFormed(String(decoding: bytes, as: UTF8.self)) {
        return (result, .text)
      }
      guard let decimal = ExactDecimal(jsonNumber: bytes)?.exactly(scale: scale) else {
        return (result, .places)
      }
      wide.pointee = decimal.unscaled
      return (csj_value(wide: wide), nil)
    case .list:
      return text.kind == CSJ_LIST ? (text, nil) : (result, .type)
    case .string, .integer, .number, .boolean, .enumeration:
      return (value, nil)
    }
  }
}
