import JSONFields
import Yams

extension RulesReader {
  /// Whose field is declared.
  enum FieldOwner {
    case object
    case command
  }

  /// A declared field, its type and its bounds; nil after a fault.
  mutating func field(_ entry: RulesEntry, of owner: FieldOwner) -> Rules.Field? {
    guard case .mapping = entry.value else {
      return plainType(entry.value).map { Rules.Field(name: entry.name, type: $0) }
    }
    let known =
      ["type", "min", "max", "max-length", "scale", "enum", "list"] + (owner == .object ? ["default"] : [])
    guard let keys = keyed(entry.value, known: known, required: [], what: "the field `\(entry.name)`") else {
      return nil
    }
    guard let type = fieldType(keys, entry) else { return nil }
    var bounds = Rules.Bounds()
    if case .list = type {
      bounds.itemsMax = keys["max"].flatMap {
        count($0.value, "items of a list", upTo: RulesFile.listItemsMax)
      }
      for key in ["min"] { refuse(keys[key], "lists have no `\(key)`") }
    } else {
      bounds.min = keys["min"].flatMap { bound($0.value, type) }
      bounds.max = keys["max"].flatMap { bound($0.value, type) }
    }
    if let length = keys["max-length"] {
      if type == .string {
        bounds.lengthMax = count(length.value, "characters", upTo: 1 << 20)
      } else {
        refuse(length, "only strings have a `max-length`")
      }
    }
    if let min = bounds.min, let max = bounds.max, ValueOrder.isLess(max, min) {
      report(
        "Expected `min` to be at most `max`, but no value is between them", at: keys["min"]?.value.mark)
      return nil
    }
    let initial = keys["default"].flatMap { constant($0.value, of: type, "the default") }
    if let initial, !ValueOrder.isWithin(initial, bounds) {
      report(
        "Expected the default to be within the field's bounds, but it is not", at: keys["default"]?.value.mark
      )
    }
    return Rules.Field(name: entry.name, type: type, bounds: bounds, initial: initial)
  }

  private mutating func refuse(_ entry: RulesEntry?, _ reason: String) {
    guard let entry else { return }
    report("Expected bounds that the field's type has, but \(reason)", at: entry.mark)
  }

  /// The type that a field's mapping names; nil after a fault.
  private mutating func fieldType(_ keys: [String: RulesEntry], _ entry: RulesEntry) -> FieldType? {
    let named = ["type", "enum", "list"].filter { keys[$0] != nil }
    guard named.count == 1 else {
      report(
        "Expected the field `\(entry.name)` to have one of the keys type, enum, list, but it has "
          + (named.isEmpty ? "none" : named.joined(separator: " and ")), at: entry.mark)
      return nil
    }
    if let values = keys["enum"] { return enumeration(values.value) }
    if let list = keys["list"] {
      guard case .scalar(let scalar) = list.value, scalar.string == "string" else {
        report(
          "Expected `string`, since lists hold strings, but found \(phrase(list.value))", at: list.value.mark)
        return nil
      }
      return .list
    }
    guard let node = keys["type"]?.value else { return nil }
    if case .scalar(let scalar) = node, scalar.string == "decimal" { return decimal(keys["scale"], node) }
    if let scale = keys["scale"] { report("Expected a scale for decimals only", at: scale.mark) }
    if case .scalar(let scalar) = node, scalar.string == "enum" || scalar.string == "list" {
      let right = scalar.string == "enum" ? "{enum: [red, green]}" : "{list: string}"
      report("Expected the type as `\(right)`, but found `\(scalar.string)`", at: node.mark)
      return nil
    }
    return plainType(node)
  }

  private mutating func decimal(_ scale: RulesEntry?, _ node: Node) -> FieldType? {
    guard let scale else {
      report(
        "Expected a decimal to have a scale, like {type: decimal, scale: 2}, but there is none", at: node.mark
      )
      return nil
    }
    guard case .scalar(let scalar) = scale.value, let places = Int(scalar.string),
      0...ExactDecimal.digitsMax ~= places
    else {
      report(
        "Expected a number of places, 0 to \(ExactDecimal.digitsMax), but found \(phrase(scale.value))",
        at: scale.value.mark)
      return nil
    }
    return .decimal(scale: places)
  }

  private mutating func enumeration(_ node: Node) -> FieldType? {
    guard case .sequence(let list) = node else {
      report("Expected a list of texts, but found \(phrase(node))", at: node.mark)
      return nil
    }
    var values: [String] = []
    var known: Set<String> = []
    for item in list {
      guard case .scalar(let scalar) = item else {
        report("Expected a text, but found \(phrase(item))", at: item.mark)
        continue
      }
      if scalar.style == .plain, RulesName.isYAMLWord(scalar.string) {
        report(
          "Expected a text, but found `\(scalar.string)`, which YAML readers take for a boolean or for null. Put it "
            + "in quotes: '\(scalar.string)'", at: item.mark)
      } else if !known.insert(scalar.string).inserted {
        report("Expected each text once, but found `\(RulesText.shown(scalar.string))` again", at: item.mark)
      } else {
        values.append(scalar.string)
      }
    }
    if list.isEmpty { report("Expected at least one text, but the list is empty", at: node.mark) }
    return values.isEmpty ? nil : .enumeration(values)
  }

  /// A type that is a name only; nil after a fault.
  mutating func plainType(_ node: Node) -> FieldType? {
    let names = FieldType.all
    let list = "Expected one of \(RulesText.list(names))"
    guard case .scalar(let scalar) = node else {
      report("\(list), but found \(phrase(node))", at: node.mark)
      return nil
    }
    if let type = FieldType(name: scalar.string) { return type }
    let cure =
      Self.otherTypes[scalar.string.lowercased()] ?? suggest(for: scalar.string, among: names)
    report("\(list), but found \(phrase(node))\(cure)", at: node.mark)
    return nil
  }

  /// What other languages call a type, and what to write instead.
  private static let otherTypes: [String: String] = {
    let names: [(String, [String])] = [
      (". Did you mean `integer`?", ["int", "long", "int64", "short"]),
      (". Did you mean `boolean`?", ["bool"]),
      (". Did you mean `number`?", ["float", "double", "real"]),
      (". Did you mean `string`?", ["str", "text", "uuid"]),
      (". Did you mean `timestamp`?", ["date", "datetime", "time", "instant"]),
      (". Did you mean `duration`?", ["interval", "period"]),
      (". Write {type: decimal, scale: 2}", ["decimal", "money", "currency", "numeric", "bigdecimal"]),
      (". Write {enum: [red, green]}", ["enum"]),
      (". Write {list: string}", ["list", "array", "set"]),
    ]
    return Dictionary(uniqueKeysWithValues: names.flatMap { cure, words in words.map { ($0, cure) } })
  }()

  private mutating func count(_ node: Node, _ what: String, upTo limit: Int) -> Int? {
    guard case .scalar(let scalar) = node, let count = Int(scalar.string), 0...limit ~= count else {
      report("Expected a number of \(what), 0 to \(limit), but found \(phrase(node))", at: node.mark)
      return nil
    }
    return count
  }

  private mutating func bound(_ node: Node, _ type: FieldType) -> Constant? {
    switch type {
    case .integer, .number, .decimal, .timestamp, .duration: return constant(node, of: type, "a bound")
    case .string:
      report("Expected bounds that the field's type has, but strings have only `max-length`", at: node.mark)
    case .boolean, .enumeration, .list:
      report("Expected bounds that the field's type has, but \(type.name) has none", at: node.mark)
    }
    return nil
  }

  /// A value of a type, as YAML writes it; nil after a fault.
  mutating func constant(_ node: Node, of type: FieldType, _ what: String) -> Constant? {
    if case .list = type, case .sequence(let list) = node {
      let texts = list.compactMap { $0.scalar?.string }
      if texts.count == list.count { return .list(texts) }
    }
    if case .scalar(let scalar) = node, let constant = Self.constant(scalar, of: type) { return constant }
    report("Expected \(what) to be \(type.phrase), but found \(phrase(node))", at: node.mark)
    return nil
  }

  private static func constant(_ scalar: Node.Scalar, of type: FieldType) -> Constant? {
    var text = scalar.string
    let isNumber = JSONNumber.isWellFormed(text)
    switch type {
    case .string: return scalar.style == .plain && RulesName.isYAMLWord(text) ? nil : .string(text)
    case .enumeration(let values): return values.contains(text) ? .string(text) : nil
    case .integer: return isNumber ? Int64(text).map { .integer($0) } : nil
    case .number:
      guard isNumber else { return nil }
      return Int64(text).map { .integer($0) } ?? JSONNumber.parse(text).map { .number($0) }
    case .boolean: return text == "true" ? .boolean(true) : text == "false" ? .boolean(false) : nil
    case .decimal(let scale):
      guard isNumber else { return nil }
      return ExactDecimal(jsonNumber: text.utf8)?.exactly(scale: scale).map { .decimal($0) }
    case .timestamp:
      if isNumber { return Int64(text).map { .timestamp($0) } }
      return text.withUTF8 { TimeText.milliseconds(rfc3339: UnsafeRawBufferPointer($0)) }.map {
        .timestamp($0)
      }
    case .duration:
      if isNumber { return Int64(text).map { .duration($0) } }
      return TimeText.milliseconds(duration: text).map { .duration($0) }
    case .list: return nil
    }
  }
}

/// Compares constants of one type.
enum ValueOrder {
  /// Whether the first is below the second; false where they have no order.
  static func isLess(_ first: Constant, _ second: Constant) -> Bool {
    if let one = exact(first), let other = exact(second) {
      return ExactDecimal.order(one.unscaled, one.scale, other.unscaled, other.scale) < 0
    }
    guard let one = double(first), let other = double(second) else { return false }
    return one < other
  }

  static func isWithin(_ value: Constant, _ bounds: Rules.Bounds) -> Bool {
    if let min = bounds.min, isLess(value, min) { return false }
    if let max = bounds.max, isLess(max, value) { return false }
    if case .string(let text) = value, let limit = bounds.lengthMax, text.unicodeScalars.count > limit {
      return false
    }
    if case .list(let items) = value, let limit = bounds.itemsMax, items.count > limit { return false }
    return true
  }

  private static func exact(_ constant: Constant) -> ExactDecimal? {
    switch constant {
    case .integer(let value), .timestamp(let value), .duration(let value):
      ExactDecimal(unscaled: Int128(value), scale: 0)
    case .decimal(let decimal): decimal
    case .string, .number, .boolean, .list: nil
    }
  }

  private static func double(_ constant: Constant) -> Double? {
    switch constant {
    case .integer(let integer): Double(integer)
    case .number(let number): number
    case .string, .decimal, .boolean, .timestamp, .duration, .list: nil
    }
  }
}
