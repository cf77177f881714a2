/// What a decoding error says of a field, as a sentence with the field's path.
struct JSONFieldFault: CustomStringConvertible {
  let description: String

  init(_ error: any Error, type: String) {
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      description =
        "Expected \(type) to have the field \(Self.path(context.codingPath + [key])), but it is missing."
    case DecodingError.valueNotFound(let expected, let context):
      description =
        "Expected \(Self.field(context, of: type)) to be \(Self.name(expected)), but it is null."
    case DecodingError.typeMismatch(let expected, let context):
      description = "Expected \(Self.field(context, of: type)) to be \(Self.name(expected)), but it is not."
    case DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty:
      // The syntax was checked before, so `JSONDecoder` means a number that its field's type cannot hold. It
      // tells neither the path nor the number then.
      description = "Expected the numbers of \(type) to fit the types of their fields, but one does not."
    case DecodingError.dataCorrupted(let context):
      description =
        "Expected a valid value of \(Self.field(context, of: type)), but: \(context.debugDescription)"
    default:
      description = "Expected \(type) to be decodable, but: \(error)"
    }
  }

  private static func field(_ context: DecodingError.Context, of type: String) -> String {
    context.codingPath.isEmpty ? "the payload of \(type)" : "the field \(path(context.codingPath)) of \(type)"
  }

  /// Like `lines[2].price`.
  private static func path(_ codingPath: [any CodingKey]) -> String {
    codingPath.reduce(into: "") { path, key in
      if let index = key.intValue {
        path += "[\(index)]"
      } else {
        path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
  }

  /// The JSON word for a Swift type, where there is one.
  private static func name(_ type: Any.Type) -> String {
    if type is any BinaryInteger.Type { return "an integer" }
    if type is any BinaryFloatingPoint.Type { return "a number" }
    if type == String.self { return "a string" }
    if type == Bool.self { return "a boolean" }
    let name = "\(type)"
    if name.hasPrefix("Dictionary<") { return "an object" }
    if name.hasPrefix("Array<") { return "an array" }
    return name
  }
}
