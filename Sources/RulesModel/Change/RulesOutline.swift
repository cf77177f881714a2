/// Rules as their normal form says them, with names and texts instead of typed parts: what two versions are compared by.
///
/// A store keeps the normal form of the rules that worked with it, and a checkpoint the lines about states alone. So it is
/// read back from text, also of rules whose file is gone.
struct RulesOutline {
  struct Field: Equatable {
    var name: String
    /// Like `decimal(2)`.
    var type: String
    /// By key: `min`, `max`, `max-length`, `items`.
    var bounds: [String: String] = [:]
    var initial: String?
  }

  struct Rule: Equatable {
    var from: Set<String> = []
    /// A status, ``Rules/none``, or `=` where the status stays.
    var to = ""
    var require: [Field] = []
    var optional: [Field] = []
    /// Code and condition.
    var guards: [String] = []
    var keep: Set<String> = []
    /// By field: the expression.
    var set: [String: String] = [:]
    var unset: Set<String> = []
    var events: [String] = []

    /// The same rule of objects whose statuses have other names.
    func renaming(_ names: [String: String]) -> Rule {
      var rule = self
      rule.from = Set(from.map { names[$0] ?? $0 })
      rule.to = names[to] ?? to
      return rule
    }
  }

  struct Migration: Equatable {
    var states: [String: String] = [:]
    /// By field: the expression.
    var fields: [String: String] = [:]
  }

  private(set) var object: String?
  private(set) var version: Int?
  private(set) var unknownFields = Rules.UnknownFields.keep.rawValue
  private(set) var fields: [String: Field] = [:]
  private(set) var states: Set<String> = []
  /// The alternatives by command.
  private(set) var commands: [String: [Rule]] = [:]
  private(set) var migrations: [Int: Migration] = [:]

  /// Reads a normal form, or the lines of a state form. Lines that are not known are passed over: a later version of
  /// Sequitur may have written them.
  ///
  /// - Parameter version: of a state form, which does not say it.
  init(_ text: String, version: Int? = nil) {
    self.version = version
    var command: String?
    var migration: Int?
    for line in text.split(separator: "\n") {
      let words = Self.words(line.drop { $0 == " " })
      guard let key = words.first else { continue }
      let rest = line.drop { $0 == " " }.dropFirst(key.count).drop { $0 == " " }
      if line.hasPrefix(" ") {
        if let command, let last = commands[command]?.indices.last {
          commands[command]?[last].take(key, words, String(rest))
        }
        if let migration { migrations[migration]?.take(key, words, String(rest)) }
        continue
      }
      (command, migration) = (nil, nil)
      switch key {
      case "object": object = String(rest)
      case "version": self.version = Int(rest).flatMap { 1...65_535 ~= $0 ? $0 : nil }
      case "unknown-fields": unknownFields = String(rest)
      case "state": states.insert(String(rest))
      case "field": if let field = Field(words.dropFirst()) { fields[field.name] = field }
      case "command" where words.count > 1:
        command = words[1]
        commands[words[1], default: []].append(Rule())
      case "migrate":
        migration = Int(rest)
        if let migration { migrations[migration] = Migration() }
      default: break
      }
    }
  }

  /// Cuts at the spaces outside of quotes and brackets.
  static func words(_ line: Substring) -> [String] {
    var words: [String] = []
    var word = ""
    var depth = 0
    var (isQuoted, isEscaped) = (false, false)
    for character in line {
      if isQuoted {
        isQuoted = isEscaped || character != "\""
        isEscaped = !isEscaped && character == "\\"
      } else {
        if character == "\"" { isQuoted = true }
        if "([{".contains(character) { depth += 1 }
        if ")]}".contains(character) { depth -= 1 }
        if character == " ", depth == 0 {
          if !word.isEmpty { words.append(word) }
          word = ""
          continue
        }
      }
      word.append(character)
    }
    return word.isEmpty ? words : words + [word]
  }
}

extension RulesOutline.Field {
  /// Of words like `price decimal(2) min=0`; nil when there are too few.
  init?(_ words: ArraySlice<String>) {
    guard words.count >= 2 else { return nil }
    self.init(name: words[words.startIndex], type: words[words.startIndex + 1])
    for word in words.dropFirst(2) {
      guard let sign = word.firstIndex(of: "=") else { continue }
      let value = String(word[word.index(after: sign)...])
      if word[..<sign] == "default" { initial = value } else { bounds[String(word[..<sign])] = value }
    }
  }
}

extension RulesOutline.Rule {
  fileprivate mutating func take(_ key: String, _ words: [String], _ rest: String) {
    switch key {
    case "from": from = Set(words.dropFirst())
    case "to": to = rest
    case "require": if let field = RulesOutline.Field(words.dropFirst()) { require.append(field) }
    case "optional": if let field = RulesOutline.Field(words.dropFirst()) { optional.append(field) }
    case "guard": guards.append(rest)
    case "keep": keep.insert(rest)
    case "set" where words.count > 2: set[words[1]] = words[2...].joined(separator: " ")
    case "unset": unset.insert(rest)
    case "event": events.append(rest)
    default: break
    }
  }
}

extension RulesOutline.Migration {
  fileprivate mutating func take(_ key: String, _ words: [String], _ rest: String) {
    guard words.count > 2 else { return }
    if key == "state" { states[words[1]] = words[2] }
    if key == "field" { fields[words[1]] = words[2...].joined(separator: " ") }
  }
}
