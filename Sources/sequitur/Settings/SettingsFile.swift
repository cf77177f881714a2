import Configuration
import Foundation
import Yams

/// A configuration file, YAML or JSON (which is YAML too), checked as a whole.
///
/// Every key must be a setting of its kind. Values of secret properties never appear in messages.
struct SettingsFile {
  /// The longest file, in bytes.
  static let bytesMax = 1 << 20

  /// By setting; all as text.
  private(set) var values: [SettingKey: String] = [:]
  /// librdkafka's properties, in the file's order.
  private(set) var kafka: [(name: String, value: String)] = []

  /// Reads the file, or throws all that is wrong with it.
  init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandFailure(
        "Expected to read the configuration file \(path), but it cannot be opened. Check --config.")
    }
    guard data.count <= Self.bytesMax, let text = String(data: data, encoding: .utf8) else {
      throw CommandFailure(
        "Expected \(path) to be UTF-8 of at most \(Self.bytesMax) bytes, but it is not. Check --config.")
    }
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw CommandFailure("Expected \(path) to be YAML or JSON, but \(error)")
    }
    // An empty file holds no settings.
    guard let root, root != Node("", Tag(.null)) else { return }
    guard let mapping = root.mapping else {
      throw CommandFailure("Expected \(path) to hold settings like `lanes: 4`, but it holds something else.")
    }
    var faults: [String] = []
    for (key, value) in mapping { read(key, value, path, &faults) }
    guard faults.isEmpty else { throw CommandFailure(faults.joined(separator: "\n")) }
  }

  private mutating func read(_ key: Node, _ value: Node, _ path: String, _ faults: inout [String]) {
    let place = Self.place(key, path)
    guard let name = key.string, let setting = SettingKey(rawValue: name) else {
      let name = key.string ?? "(not a text)"
      let known = SettingKey.allCases.map(\.rawValue)
      let suggestion = Spelling.suggestion(for: name, among: known)
      faults.append(
        "\(place): Expected a setting, but there is none named \(name)\(suggestion) "
          + "(The settings are \(known.joined(separator: ", ")).)")
      return
    }
    if setting == .kafka {
      readProperties(value, path, &faults)
    } else if let text = Self.text(value, setting.kind) {
      values[setting] = text
    } else {
      faults.append("\(place): Expected \(name) to be \(setting.kind.phrase), but \(Self.found(value)).")
    }
  }

  private mutating func readProperties(_ node: Node, _ path: String, _ faults: inout [String]) {
    guard let mapping = node.mapping else {
      let phrase = SettingKey.Kind.properties.phrase
      faults.append("\(Self.place(node, path)): Expected kafka to be \(phrase), but \(Self.found(node)).")
      return
    }
    for (key, value) in mapping {
      if let name = key.string, let text = value.scalar?.string {
        kafka.append((name, text))
      } else {
        faults.append(
          "\(Self.place(key, path)): Expected kafka.\(key.string ?? "?") to be a text, a number or a boolean."
        )
      }
    }
  }

  private static func place(_ node: Node, _ path: String) -> String {
    node.mark.map { "\(path):\($0.line):\($0.column)" } ?? path
  }

  /// The value as text when it is of the kind.
  private static func text(_ node: Node, _ kind: SettingKey.Kind) -> String? {
    guard let text = node.scalar?.string else { return nil }
    switch kind {
    case .text: return isText(node) ? text : nil
    case .integer: return node.int.map { "\($0)" }
    case .boolean: return node.bool.map { "\($0)" }
    case .duration: return DurationText.parse(text) == nil ? nil : text
    case .properties: return nil
    }
  }

  /// Quoted, or nothing that YAML takes for null, a boolean or a number other than by accident of its digits.
  private static func isText(_ node: Node) -> Bool {
    node.null == nil && (node.scalar?.style != .plain || node.tag == Tag(.str))
  }

  private static func found(_ node: Node) -> String {
    switch node {
    case .mapping: "it is a mapping"
    case .sequence: "it is a list"
    case .scalar(let scalar): "it is `\(scalar.string.prefix(80))`"
    case .alias: "it is an alias"
    }
  }
}
