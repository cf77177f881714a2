import RulesModel
import SequiturHTTP

/// The gateway's interface as an OpenAPI 3.1 document, made from the rules: each command with the fields that it must and may carry.
///
/// https://spec.openapis.org/oas/v3.1.0. The doors for operators and the streams of events are not in it.
enum OpenAPIDocument {
  /// The document. Without rules any command type and any payload stands in it.
  ///
  /// - Parameter asksWho: whether it must be known who asks.
  static func make(of rules: Rules?, asksWho: Bool) -> [UInt8] {
    let title = rules.map { "Commands on objects of the kind \($0.object)" } ?? "Commands on objects"
    let commands = OpenAPICommands(asksWho: asksWho)
    var paths: [(String, JSONDocument)] = []
    if let rules {
      for name in rules.commandNames {
        let body = CommandSchema.payload(rules.commands.filter { $0.name == name }, rules)
        let path = "/objects/{key}/commands/\(PercentText.encode(Array(name.utf8)))"
        paths.append((path, ["post": commands.command(name, body)]))
      }
    } else {
      paths.append(("/objects/{key}/commands/{type}", ["post": commands.command(nil, nil)]))
    }
    paths.append(("/commands", ["post": commands.batch]))
    paths.append(("/outcomes/{token}", ["get": commands.outcome]))
    paths += OpenAPIReads(asksWho: asksWho).paths + OpenAPIFeed(asksWho: asksWho).paths
    var components: [(String, JSONDocument)] = [
      ("schemas", OpenAPISchemas.all), ("headers", OpenAPIParts.headers),
    ]
    var members: [(String, JSONDocument)] = [
      ("openapi", "3.1.0"),
      (
        "info",
        [
          "title": .string(title), "version": .string("\(rules?.version ?? 1)"),
          "description": "Commands are decided in the order of their object's key, exactly once.",
        ]
      ),
      ("paths", .object(paths)),
    ]
    if asksWho {
      components.append(("securitySchemes", ["bearer": ["type": "http", "scheme": "bearer"]]))
      members.append(("security", [["bearer": []]]))
    }
    members.append(("components", .object(components)))
    return Array((JSONDocument.object(members).text + "\n").utf8)
  }
}
