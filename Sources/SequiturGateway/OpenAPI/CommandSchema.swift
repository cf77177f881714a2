import RulesModel

/// The JSON schema of a command's payload, from the rules.
///
/// A command of several alternatives has the fields of all, and must carry those that every alternative asks for.
enum CommandSchema {
  static func payload(_ alternatives: [CommandRule], _ rules: Rules) -> JSONDocument {
    var fields: [String: Rules.Field] = [:]
    var names: [String] = []
    for field in alternatives.flatMap({ $0.require + $0.optional }) where fields[field.name] == nil {
      fields[field.name] = field
      names.append(field.name)
    }
    let required = names.filter { name in
      alternatives.allSatisfy { $0.require.contains { $0.name == name } }
    }
    var schema: [(String, JSONDocument)] = [
      ("type", "object"),
      ("properties", .object(names.compactMap { name in fields[name].map { (name, self.schema(of: $0)) } })),
    ]
    if !required.isEmpty { schema.append(("required", .array(required.map { .string($0) }))) }
    if rules.unknownFields == .reject { schema.append(("additionalProperties", false)) }
    return .object(schema)
  }

  private static func schema(of field: Rules.Field) -> JSONDocument {
    var schema: [(String, JSONDocument)]
    switch field.type {
    case .string: schema = [("type", "string")]
    case .integer: schema = [("type", "integer"), ("format", "int64")]
    case .number: schema = [("type", "number")]
    case .boolean: schema = [("type", "boolean")]
    case .decimal:
      schema = [("type", ["number", "string"]), ("description", .string(field.type.phrase))]
    case .timestamp:
      schema = [
        ("type", ["integer", "string"]), ("description", "milliseconds since 1970, or a text of RFC 3339"),
      ]
    case .duration:
      schema = [("type", ["integer", "string"]), ("description", "milliseconds, or a text like 10m")]
    case .enumeration(let values):
      schema = [("type", "string"), ("enum", .array(values.map { .string($0) }))]
    case .list: schema = [("type", "array"), ("items", ["type": "string"])]
    }
    if let min = number(field.bounds.min) { schema.append(("minimum", min)) }
    if let max = number(field.bounds.max) { schema.append(("maximum", max)) }
    if let most = field.bounds.lengthMax { schema.append(("maxLength", .int(Int64(most)))) }
    if let most = field.bounds.itemsMax { schema.append(("maxItems", .int(Int64(most)))) }
    return .object(schema)
  }

  /// Bounds of decimals and times are not JSON numbers of the same meaning: the rules alone check them.
  private static func number(_ constant: Constant?) -> JSONDocument? {
    switch constant {
    case .integer(let number): .int(number)
    case .number(let number): .double(number)
    default: nil
    }
  }
}
