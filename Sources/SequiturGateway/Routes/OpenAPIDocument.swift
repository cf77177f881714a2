import RulesModel
import SequiturHTTP

/// The gateway's interface as an OpenAPI 3.1 document, made from the rules: each command with the fields that it must and may carry.
///
/// https://spec.openapis.org/oas/v3.1.0. A command of several alternatives has the fields of all, and must carry those that
/// every alternative asks for.
enum OpenAPIDocument {
  /// The document. Without rules any command type and any payload stands in it.
  static func make(of rules: Rules?) -> [UInt8] {
    let title = rules.map { "Commands on objects of the kind \($0.object)" } ?? "Commands on objects"
    var paths: [JSON.Member] = []
    if let rules {
      for name in rules.commandNames {
        let alternatives = rules.commands.filter { $0.name == name }
        let path = "/objects/{key}/commands/\(pathSegment(name))"
        paths.append((path, .object([("post", command(name, body(alternatives, rules)))])))
      }
    } else {
      paths.append(("/objects/{key}/commands/{type}", .object([("post", command(nil, nil))])))
    }
    paths.append(("/outcomes/{token}", .object([("get", outcome)])))
    let document = JSON.object([
      ("openapi", .string("3.1.0")),
      (
        "info",
        .object([
          ("title", .string(title)), ("version", .string("\(rules?.version ?? 1)")),
          ("description", .string("Commands are decided in the order of their object's key, exactly once.")),
        ])
      ),
      ("paths", .object(paths)),
      ("components", .object([("schemas", .object(schemas)), ("headers", .object(headers))])),
    ])
    return Array((document.text + "\n").utf8)
  }

  // MARK: Operations

  private static func command(_ name: String?, _ body: JSON?) -> JSON {
    var parameters = [
      parameter("key", in: "path", "The object's key, percent-encoded.", keySchema),
      parameter(
        "Idempotency-Key", in: "header",
        "The command's id: a command that comes again with it changes nothing.",
        .object([
          ("type", .string("string")), ("minLength", .int(1)),
          ("maxLength", .int(Int64(GatewayLimits.fieldBytesMax))),
        ])),
      parameter(
        "If-Match", in: "header", "The version that the object must have, in quotes, or `*`.",
        text("^(\\*|\"[1-9][0-9]{0,18}\")$")),
      parameter(
        "Prefer", in: "header", "`wait=5`: seconds to wait for the outcome; `respond-async`: do not wait.",
        text(nil)),
    ]
    if name == nil {
      parameters.insert(parameter("type", in: "path", "The command's type.", text(nil, minLength: 1)), at: 1)
    }
    var operation: [JSON.Member] = [
      ("summary", .string(name.map { "Send the command \($0)" } ?? "Send a command")),
      ("parameters", .array(parameters)),
    ]
    if let body {
      operation.append(
        (
          "requestBody",
          .object([
            ("required", .bool(true)),
            ("content", .object([("application/json", .object([("schema", body)]))])),
          ])
        ))
    } else {
      operation.append(
        ("requestBody", .object([("content", .object([("*/*", .object([("schema", .object([]))]))]))])))
    }
    operation.append(("responses", responses))
    return .object(operation)
  }

  private static var outcome: JSON {
    .object([
      ("summary", .string("Ask what became of a command")),
      (
        "parameters",
        .array([
          parameter(
            "token", in: "path", "Where the command stands: a partition and an offset.",
            text("^[0-9]{1,9}-[0-9]{1,18}$")),
          parameter(
            "wait", in: "query", "Seconds to wait for the outcome.",
            .object([("type", .string("integer")), ("minimum", .int(0))])),
        ])
      ),
      ("responses", responses),
    ])
  }

  /// The same for both: an outcome may be asked for later.
  private static var responses: JSON {
    func answer(_ text: String, _ schema: String, _ type: String = "application/json") -> JSON {
      .object([
        ("description", .string(text)),
        (
          "headers",
          .object(["Sequitur-Token", "ETag"].map { ($0, reference("headers", $0)) })
        ),
        ("content", .object([(type, .object([("schema", reference("schemas", schema))]))])),
      ])
    }
    func problem(_ text: String) -> JSON { answer(text, "Problem", "application/problem+json") }
    return .object([
      ("200", answer("The object was changed, or had been by an earlier command of the same id.", "Valid")),
      ("201", answer("The object was made.", "Valid")),
      ("202", answer("The command was appended; its outcome is not known yet.", "Pending")),
      ("400", problem("`malformed` or `invalid-key`.")),
      ("404", problem("`not-found`: the object does not exist; or no such outcome.")),
      (
        "409",
        problem(
          "`invalid-transition`, `guard-failed`, or a code of the rules: the object's state forbids it.")
      ),
      ("412", problem("`version-conflict`: the object is at another version.")),
      ("413", problem("`too-large`.")),
      ("422", problem("`unknown-command`, `invalid-field`, `out-of-range` or `output-refused`.")),
      ("429", problem("The gateway holds as many requests as it may. Nothing was appended.")),
      ("500", problem("`decider-error`: the decider failed.")),
      ("503", problem("No broker or no worker is there, or too many commands wait. Nothing was appended.")),
      (
        "504",
        problem("It is not known whether the command was appended: repeat it with the same Idempotency-Key.")
      ),
      ("default", problem("The request itself is not one that the server takes.")),
    ])
  }

  // MARK: Fields

  private static func body(_ alternatives: [CommandRule], _ rules: Rules) -> JSON {
    var fields: [String: Rules.Field] = [:]
    var names: [String] = []
    for field in alternatives.flatMap({ $0.require + $0.optional }) where fields[field.name] == nil {
      fields[field.name] = field
      names.append(field.name)
    }
    let required = names.filter { name in
      alternatives.allSatisfy { $0.require.contains { $0.name == name } }
    }
    var schema: [JSON.Member] = [
      ("type", .string("object")),
      ("properties", .object(names.compactMap { name in fields[name].map { (name, self.schema(of: $0)) } })),
    ]
    if !required.isEmpty { schema.append(("required", .array(required.map { .string($0) }))) }
    if rules.unknownFields == .reject { schema.append(("additionalProperties", .bool(false))) }
    return .object(schema)
  }

  private static func schema(of field: Rules.Field) -> JSON {
    var schema: [JSON.Member]
    switch field.type {
    case .string: schema = [("type", .string("string"))]
    case .integer: schema = [("type", .string("integer")), ("format", .string("int64"))]
    case .number: schema = [("type", .string("number"))]
    case .boolean: schema = [("type", .string("boolean"))]
    case .decimal:
      schema = [
        ("type", .array([.string("number"), .string("string")])), ("description", .string(field.type.phrase)),
      ]
    case .timestamp:
      schema = [
        ("type", .array([.string("integer"), .string("string")])),
        ("description", .string("milliseconds since 1970, or a text of RFC 3339")),
      ]
    case .duration:
      schema = [
        ("type", .array([.string("integer"), .string("string")])),
        ("description", .string("milliseconds, or a text like 10m")),
      ]
    case .enumeration(let values):
      schema = [("type", .string("string")), ("enum", .array(values.map { .string($0) }))]
    case .list:
      schema = [("type", .string("array")), ("items", .object([("type", .string("string"))]))]
    }
    if let min = number(field.bounds.min) { schema.append(("minimum", min)) }
    if let max = number(field.bounds.max) { schema.append(("maximum", max)) }
    if let most = field.bounds.lengthMax { schema.append(("maxLength", .int(Int64(most)))) }
    if let most = field.bounds.itemsMax { schema.append(("maxItems", .int(Int64(most)))) }
    return .object(schema)
  }

  /// Bounds of decimals and times are not JSON numbers of the same meaning: the rules alone check them.
  private static func number(_ constant: Constant?) -> JSON? {
    switch constant {
    case .integer(let number): .int(number)
    case .number(let number): .double(number)
    default: nil
    }
  }

  // MARK: Parts

  private static let keySchema = JSON.object([
    ("type", .string("string")), ("minLength", .int(1)), ("maxLength", .int(1024)),
  ])

  private static var schemas: [JSON.Member] {
    let version = JSON.object([("type", .string("integer")), ("minimum", .int(0))])
    let event = JSON.object([
      ("type", .string("object")), ("required", .array([.string("type"), .string("version")])),
      ("properties", .object([("type", text(nil)), ("version", version)])),
    ])
    return [
      (
        "Valid",
        .object([
          ("type", .string("object")),
          ("required", .array([.string("outcome"), .string("events"), .string("version")])),
          (
            "properties",
            .object([
              ("outcome", .object([("const", .string("valid"))])),
              ("events", .object([("type", .string("array")), ("items", event)])), ("version", version),
            ])
          ),
        ])
      ),
      (
        "Pending",
        .object([
          ("type", .string("object")), ("required", .array([.string("outcome"), .string("token")])),
          (
            "properties",
            .object([
              ("outcome", .object([("const", .string("pending"))])), ("token", text("^[0-9]+-[0-9]+$")),
            ])
          ),
        ])
      ),
      (
        "Problem",
        .object([
          ("type", .string("object")),
          ("required", .array(["title", "status", "code", "detail"].map { .string($0) })),
          (
            "properties",
            .object([
              ("title", text(nil)), ("status", .object([("type", .string("integer"))])), ("code", text(nil)),
              ("detail", text(nil)), ("reason", text(nil)), ("version", version),
              ("source", .object([("enum", .array([.string("decider"), .string("edge")]))])),
            ])
          ),
        ])
      ),
    ]
  }

  private static var headers: [JSON.Member] {
    [
      ("Sequitur-Token", header("Where the command stands; the way to read what it did.", "^[0-9]+-[0-9]+$")),
      ("ETag", header("The object's version after the command, in quotes.", "^\"[0-9]+\"$")),
    ]
  }

  private static func header(_ description: String, _ pattern: String) -> JSON {
    .object([("description", .string(description)), ("schema", text(pattern))])
  }

  private static func parameter(_ name: String, in place: String, _ description: String, _ schema: JSON)
    -> JSON
  {
    .object([
      ("name", .string(name)), ("in", .string(place)), ("required", .bool(place == "path")),
      ("description", .string(description)), ("schema", schema),
    ])
  }

  private static func text(_ pattern: String?, minLength: Int? = nil) -> JSON {
    var schema: [JSON.Member] = [("type", .string("string"))]
    if let pattern { schema.append(("pattern", .string(pattern))) }
    if let minLength { schema.append(("minLength", .int(Int64(minLength)))) }
    return .object(schema)
  }

  private static func reference(_ kind: String, _ name: String) -> JSON {
    .object([("$ref", .string("#/components/\(kind)/\(name)"))])
  }

  /// A command's type as a path's part (RFC 3986, 3.3).
  private static func pathSegment(_ name: String) -> String {
    var text = ""
    for byte in name.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return text
  }
}

/// A JSON document whose members keep their order.
private indirect enum JSON {
  typealias Member = (String, JSON)

  case object([Member])
  case array([JSON])
  case string(String)
  case int(Int64)
  case double(Double)
  case bool(Bool)

  var text: String {
    switch self {
    case .object(let members):
      "{" + members.map { "\(JSONText.quoted($0.0)):\($0.1.text)" }.joined(separator: ",") + "}"
    case .array(let items): "[" + items.map(\.text).joined(separator: ",") + "]"
    case .string(let text): JSONText.quoted(text)
    case .int(let number): "\(number)"
    case .double(let number): "\(number)"
    case .bool(let value): "\(value)"
    }
  }
}
