/// What the rules allow as a name.
enum RulesName {
  /// The longest name, in UTF-8 bytes.
  static let bytesMax = 128

  /// What a name stands for; commands and events may have more characters.
  enum Use: String {
    case object
    case field
    case state
    case command
    case event

    var isType: Bool { self == .command || self == .event }
  }

  static func starts(with scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.properties.isAlphabetic
  }

  static func continues(with scalar: Unicode.Scalar) -> Bool {
    starts(with: scalar) || scalar == "-" || scalar.properties.generalCategory == .decimalNumber
      || scalar.properties.generalCategory == .nonspacingMark
  }

  /// Why `name` cannot be used, as the end of a sentence that begins with "Expected …, but"; nil when it can.
  static func fault(_ name: String, as use: Use) -> String? {
    if name.isEmpty { return "it is empty" }
    if name.utf8.count > bytesMax { return "it is longer than \(bytesMax) bytes" }
    let extra = use.isType ? ".:/" : ""
    for (index, scalar) in name.unicodeScalars.enumerated() {
      let isAllowed =
        index == 0 ? starts(with: scalar) : continues(with: scalar) || extra.unicodeScalars.contains(scalar)
      if isAllowed { continue }
      return "found `\(name)`. A name begins with a letter or _, and goes on with letters, digits"
        + (use.isType ? " and _ - . : /" : ", _ and -")
    }
    return nil
  }

  /// Plain words that other YAML readers take for a boolean or for null.
  static func isYAMLWord(_ word: String) -> Bool {
    ["true", "false", "yes", "no", "on", "off", "null", "~"].contains(word.lowercased())
  }
}
