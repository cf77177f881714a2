/// Prometheus's text format, version 0.0.4.
enum ExpositionText {
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  static func line(_ name: String, _ labels: String, _ value: String) -> String {
    labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
  }

  /// The lines before a metric's values. The unit is a comment to readers of this version.
  static func heading(_ definition: MetricDefinition) -> String {
    var text = ""
    if !definition.help.isEmpty { text += "# HELP \(definition.name) \(escaped(help: definition.help))\n" }
    text += "# TYPE \(definition.name) \(definition.kind.name)\n"
    if let unit = definition.unit { text += "# UNIT \(definition.name) \(unit)\n" }
    return text
  }

  /// Like `code="malformed",partition="3"`, in the order of the names.
  static func labels(_ pairs: [(String, String)]) -> String {
    pairs.sorted { $0.0 < $1.0 }.map { "\(labelName($0.0))=\"\(escaped(value: $0.1))\"" }.joined(
      separator: ",")
  }

  /// An integer without its fraction, as people write it.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    if value == value.rounded(), abs(value) < 1e15 { return "\(Int64(value))" }
    return "\(value)"
  }

  /// A name that Prometheus takes: what it does not is an underscore.
  static func name(_ text: String) -> String {
    let name = text.map { isOfName($0) || $0 == ":" ? $0 : "_" }
    return name.first.map(\.isNumber) ?? true ? "_" + String(name) : String(name)
  }

  private static func labelName(_ text: String) -> String {
    let name = text.map { isOfName($0) ? $0 : "_" }
    return name.first.map(\.isNumber) ?? true ? "_" + String(name) : String(name)
  }

  private static func isOfName(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "_")
  }

  private static func escaped(help text: String) -> String {
    text.map { $0 == "\\" ? "\\\\" : $0.isNewline ? "\\n" : String($0) }.joined()
  }

  private static func escaped(value text: String) -> String {
    text.map { $0 == "\\" ? "\\\\" : $0 == "\"" ? "\\\"" : $0.isNewline ? "\\n" : String($0) }.joined()
  }
}
