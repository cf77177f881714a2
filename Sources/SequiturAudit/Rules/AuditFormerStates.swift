import RulesModel

/// An object as other rules than those that wrote it read it: by `migrate`, or as it is.
struct AuditFormerStates {
  let rules: Rules

  /// - Parameters:
  ///   - fields: in the former rules' order.
  ///   - former: the rules whose fields they are.
  func read(
    status: String, _ fields: [AuditValue?], of former: Rules
  ) -> (status: String, fields: [AuditValue?]) {
    var values: [String: AuditValue] = [:]
    for (field, value) in zip(former.fields, fields) { values[field.name] = value }
    let migration =
      former.version < rules.version ? rules.migrations.first { $0.from == former.version } : nil
    guard let migration else {
      return (
        status, rules.fields.map { field in values[field.name].map { $0.read(as: field.type) ?? .unknown } }
      )
    }
    let assigned = Dictionary(migration.fields.map { ($0.field, $0.value) }) { first, _ in first }
    let read = rules.fields.map { field -> AuditValue? in
      guard let expression = assigned[field.name] else {
        return values[field.name].map { $0.read(as: field.type) ?? .unknown }
          ?? field.initial.map { AuditValue($0) }
      }
      return value(expression.root, of: field, values)
    }
    return (migration.states[status] ?? status, read)
  }

  private func value(_ root: TypedNode, of field: Rules.Field, _ values: [String: AuditValue]) -> AuditValue?
  {
    var inputs = AuditInputs()
    var count = 0
    let declared = Dictionary(rules.fields.map { ($0.name, $0) }) { first, _ in first }
    let node = root.replacingFormerReads { read in
      count += 1
      let name = "\(count)"
      switch read {
      case .has(let former): inputs.command[name] = values[former]
      case .declared(let former):
        let value = values[former].map { $0.read(as: declared[former]?.type ?? .string) ?? .unknown }
        inputs.command[name] = value ?? declared[former]?.initial.map { AuditValue($0) }
      case .converted(let former, let type):
        inputs.command[name] = values[former].map { Self.converted($0, to: type) ?? .unknown }
      }
      return name
    }
    do throws(AuditTrouble) {
      return try AuditEvaluator(inputs: inputs).value(node)
    } catch {
      return error == .missing ? field.initial.map { AuditValue($0) } : .unknown
    }
  }

  /// A value of an older state as another type; nil when it cannot be read as that.
  private static func converted(_ value: AuditValue, to type: FieldType) -> AuditValue? {
    switch type {
    case .string:
      if case .string = value { return value }
      return value.digits.map { .string(Array($0.utf8)) }
    case .boolean:
      if case .string(let text) = value {
        return text == Array("true".utf8)
          ? .boolean(true) : text == Array("false".utf8) ? .boolean(false) : nil
      }
      return value.read(as: .boolean)
    case .integer:
      guard let whole = value.numberText.flatMap({ AuditDecimal(json: $0, scale: 0) }) else { return nil }
      return Int64(exactly: whole.unscaled).map { AuditValue($0) }
    case .number:
      if case .number = value { return value.read(as: .number) }
      return value.numberText.flatMap { Double($0) }.map { .number(AuditNumber(.double($0))) }
    case .decimal(let scale):
      // As many places as there may be, then rounded.
      guard let text = value.numberText else { return nil }
      for places in scale...AuditDecimal.digitsMax {
        if let exact = AuditDecimal(json: text, scale: places) {
          return exact.rounded(to: scale).map { .decimal($0) }
        }
      }
      return nil
    case .enumeration(let members):
      guard case .string(let text) = value, members.contains(where: { $0.utf8.elementsEqual(text) }) else {
        return nil
      }
      return value
    case .timestamp, .duration, .list: return value.read(as: type)
    }
  }
}

extension AuditValue {
  /// A number or a boolean as the state has it; nil for any other value.
  fileprivate var digits: String? {
    switch self {
    case .number(let number): number.description
    case .decimal(let decimal): decimal.description
    case .boolean(let boolean): "\(boolean)"
    case .string, .list, .nested, .unknown: nil
    }
  }

  /// A number's digits, also those of a text.
  fileprivate var numberText: String? {
    switch self {
    case .number, .decimal: digits
    case .string(let text):
      AuditNumber(whole: String(decoding: text, as: UTF8.self)) == nil
        ? nil : String(decoding: text, as: UTF8.self)
    case .boolean, .list, .nested, .unknown: nil
    }
  }
}
