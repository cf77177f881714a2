import RulesModel

extension AuditValue {
  init(_ integer: Int64) { self = .number(AuditNumber(.integer(integer))) }

  /// A literal of the rules.
  init(_ constant: Constant) {
    switch constant {
    case .string(let text): self = .string(Array(text.utf8))
    case .integer(let value), .timestamp(let value), .duration(let value): self.init(value)
    case .number(let double): self = .number(AuditNumber(.double(double)))
    case .boolean(let boolean): self = .boolean(boolean)
    case .decimal(let decimal):
      self = AuditDecimal(unscaled: decimal.unscaled, scale: decimal.scale).map { .decimal($0) } ?? .unknown
    case .list(let items): self = .list(items.map { Array($0.utf8) })
    }
  }

  /// A JSON value as a field's type; nil when it is none of that type. Whether it is one of an enum's texts, or within
  /// bounds, is another question.
  func read(as type: FieldType) -> AuditValue? {
    switch (self, type) {
    case (.unknown, _): return .unknown
    case (.string, .string), (.string, .enumeration), (.boolean, .boolean), (.list, .list): return self
    case (.number(let number), .number):
      return .number(AuditNumber(number.value, digitCount: number.digitCount))
    case (.number(let number), .integer), (.number(let number), .timestamp), (.number(let number), .duration):
      return number.isInteger ? .number(AuditNumber(number.value, digitCount: number.digitCount)) : nil
    case (.string(let text), .timestamp):
      return AuditTimeText.timestamp(String(decoding: text, as: UTF8.self)).map { AuditValue($0) }
    case (.string(let text), .duration):
      return AuditTimeText.duration(String(decoding: text, as: UTF8.self)).map { AuditValue($0) }
    case (.number(let number), .decimal(let scale)):
      return AuditDecimal(json: number.text, scale: scale).map { .decimal($0) }
    case (.string(let text), .decimal(let scale)):
      let digits = String(decoding: text, as: UTF8.self)
      guard AuditNumber(whole: digits) != nil else { return nil }
      return AuditDecimal(json: digits, scale: scale).map { .decimal($0) }
    case (.decimal(let decimal), .decimal(let scale)): return decimal.raised(to: scale).map { .decimal($0) }
    default: return nil
    }
  }

  /// Whether it keeps to a field's bounds, the texts of an enum included.
  func isWithin(_ field: Rules.Field) -> Bool {
    let bounds = field.bounds
    if let min = bounds.min, let order = order(to: AuditValue(min)), order < 0 { return false }
    if let max = bounds.max, let order = order(to: AuditValue(max)), order > 0 { return false }
    switch self {
    case .string(let text):
      let shown = String(decoding: text, as: UTF8.self)
      if let limit = bounds.lengthMax, shown.unicodeScalars.count > limit { return false }
      guard case .enumeration(let members) = field.type else { return true }
      return members.contains { $0.utf8.elementsEqual(text) }
    case .list(let items): return items.count <= bounds.itemsMax ?? .max
    case .number, .decimal, .boolean, .nested, .unknown: return true
    }
  }

  /// Below, at or above zero like this value against the other; nil when they have no order.
  func order(to other: AuditValue) -> Int? {
    switch (self, other) {
    case (.number(let one), .number(let other)): return one.order(to: other)
    case (.decimal(let one), .decimal(let other)):
      guard one.scale == other.scale else { return nil }
      return one.unscaled < other.unscaled ? -1 : one.unscaled == other.unscaled ? 0 : 1
    case (.string(let one), .string(let other)):
      return one == other ? 0 : one.lexicographicallyPrecedes(other) ? -1 : 1
    default: return nil
    }
  }

  /// What `==` says: numbers by their values, whatever they are written like.
  func isSame(as other: AuditValue) -> Bool { order(to: other).map { $0 == 0 } ?? (self == other) }

  var isNegative: Bool {
    switch self {
    case .number(let number): number.double < 0
    case .decimal(let decimal): decimal.unscaled < 0
    case .string, .boolean, .list, .nested, .unknown: false
    }
  }
}

extension AuditNumber {
  var double: Double {
    switch value {
    case .integer(let integer): Double(integer)
    case .double(let double): double
    }
  }
}
