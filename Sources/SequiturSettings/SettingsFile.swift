import Foundation
import ReadableText
import RegularFiles
import TerminalView
import Yams

/// A configuration file, YAML or JSON (which is YAML too), checked as a whole.
///
/// Every key must be a setting of its kind. A message says what is wrong and where, with line and column, and never
/// shows the file's text: a password stands in such a file, and a fault may take it for something else.
package struct SettingsFile {
  /// The longest file, in bytes.
  static let bytesMax = 256 << 10
  /// So many aliases bound what they make of a small file, when each stands for several others.
  static let aliasesMax = 32
  /// So many keys bound the time it takes to look for repeated ones. librdkafka has some 200 properties.
  static let keysMax = 2_000
  /// Faults beyond so many are only counted.
  static let faultsMax = 20

  let path: String
  /// By setting; all as text.
  private(set) var values: [SettingKey: String] = [:]
  /// librdkafka's properties, in the file's order, each with `the property at <file>:<line>:<column>`.
  private(set) var kafka: [(name: String, value: String, place: String)] = []
  private var faults: [String] = []

  /// Reads the file, or throws all that is wrong with it.
  ///
  /// - Parameter origin: who named the file, for a message: `--config` or `SEQUITUR_CONFIG`.
  init(path: String, origin: String = "--config") throws {
    guard !path.isEmpty else {
      throw CommandFailure(
        "Expected \(origin) to name a configuration file, but it is empty. Name one, or leave it out.")
    }
    let bytes: [UInt8]
    do throws(RegularFile.Fault) {
      bytes = try RegularFile.read(path, atMost: Self.bytesMax)
    } catch {
      throw CommandFailure(
        "Expected to read the configuration file \(ShownText.line(path)), but \(error). Check \(origin).")
    }
    try self.init(bytes, path: path)
  }

  /// Reads a file's content.
  package init(_ bytes: [UInt8], path: String) throws {
    self.path = path
    guard var text = String(validating: bytes, as: UTF8.self) else {
      throw CommandFailure("Expected \(ShownText.line(path)) to be UTF-8, but it is not.")
    }
    // Some editors begin a file with it, and libyaml would count it as a column of the first line.
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    let source = YAMLSource(text)
    guard source.aliasCount <= Self.aliasesMax, source.keyCountAtMost <= Self.keysMax else {
      throw CommandFailure(
        "Expected \(ShownText.line(path)) to have at most \(Self.aliasesMax) aliases and \(Self.keysMax.grouped) keys, "
          + "but there are more.")
    }
    try read(compose(text))
    guard faults.isEmpty else {
      var shown = faults.prefix(Self.faultsMax)
      if faults.count > shown.count {
        shown.append("… and \((faults.count - shown.count).counted("more fault")).")
      }
      throw CommandFailure(shown.joined(separator: "\n"))
    }
  }

  /// The document's root; nil when the file is empty.
  private func compose(_ text: String) throws -> Node? {
    do {
      let root = try Yams.compose(yaml: text, .default, .default, .utf8)
      return root == Node("", Tag(.null)) ? nil : root
    } catch let error as YamlError {
      let found = YAMLProblem.describe(error, in: text)
      throw CommandFailure(
        "\(ShownText.line(path)):\(found.line):\(found.column): Expected YAML or JSON, but \(found.problem).")
    }
  }

  private mutating func read(_ root: Node?) throws {
    guard let root else { return }
    guard let mapping = root.mapping else {
      throw CommandFailure("\(place(root.mark)): Expected settings like `lanes: 4`, but \(Self.found(root)).")
    }
    for (key, value) in mapping { read(key, value) }
  }

  private mutating func read(_ key: Node, _ value: Node) {
    guard let name = key.string, let setting = SettingKey(rawValue: name) else {
      let known = SettingKey.allCases.map(\.rawValue)
      // What is near to a setting's name is a slip of the pen and no secret.
      let suggestion = Suggestion.text(for: key.string ?? "", among: known)
      let what = suggestion.isEmpty ? "there is none of that name." : "found another name\(suggestion)"
      faults.append(
        "\(place(key.mark)): Expected a setting, but \(what) (The settings are \(known.joined(separator: ", ")).)"
      )
      return
    }
    if setting == .kafka {
      readProperties(value)
    } else if let text = Self.text(value, setting.kind) {
      guard !text.utf8.contains(0) else { return reportNUL(name, value) }
      values[setting] = text
    } else {
      faults.append(
        "\(place(key.mark)): Expected \(name) to be \(setting.kind.phrase), but \(Self.found(value)).")
    }
  }

  private mutating func readProperties(_ node: Node) {
    guard let mapping = node.mapping else {
      let phrase = Setting.Kind.properties.phrase
      faults.append("\(place(node.mark)): Expected kafka to be \(phrase), but \(Self.found(node)).")
      return
    }
    for (key, value) in mapping {
      guard let name = key.string, let text = value.scalar?.string else {
        faults.append(
          "\(place(key.mark)): Expected a property of kafka to be a text, a number or a boolean, but \(Self.found(value))."
        )
        continue
      }
      guard !name.utf8.contains(0), !text.utf8.contains(0) else {
        reportNUL("a property of kafka", value)
        continue
      }
      kafka.append((name, text, "the property at \(place(key.mark))"))
    }
  }

  /// C would take what stands before it for all.
  private mutating func reportNUL(_ name: String, _ node: Node) {
    faults.append("\(place(node.mark)): Expected \(name) to be a text without NUL, but it has one.")
  }

  private func place(_ mark: Mark?) -> String {
    ShownText.line(path) + (mark.map { ":\($0.line):\($0.column)" } ?? "")
  }

  /// The value as text when it is of the kind.
  private static func text(_ node: Node, _ kind: Setting.Kind) -> String? {
    guard let text = node.scalar?.string else { return nil }
    switch kind {
    case .text, .choice, .size: return isText(node) ? text : nil
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

  /// What a node is, never what it says.
  private static func found(_ node: Node) -> String {
    switch node {
    case .mapping: "it is a mapping"
    case .sequence: "it is a list"
    case .alias: "it is an alias"
    case .scalar:
      if node.null != nil {
        "it is nothing"
      } else if node.scalar?.style == .plain, node.int != nil || node.float != nil {
        "it is a number"
      } else {
        node.bool != nil && node.scalar?.style == .plain ? "it is true or false" : "it is text"
      }
    }
  }
}
