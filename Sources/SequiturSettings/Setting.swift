import ReadableText

/// What is known of one setting. Its flag and the flag's help, its environment variable, the check of the file and of the
/// value's range, and the test of the documentation's tables are all made from it.
package struct Setting: Sendable {
  /// Which values there are.
  package enum Kind: Sendable, Equatable {
    case text
    /// One of these words.
    case choice([String])
    case integer(ClosedRange<Int>, orElse: Exception? = nil)
    case boolean
    /// A time like `15s`.
    case duration
    /// A size like `256MB`, of this many bytes at least.
    case size(atLeast: Int)
    /// librdkafka's.
    case properties

    /// A value outside of a range.
    package struct Exception: Sendable, Equatable {
      package let value: Int
      /// Like `for the cluster's default`.
      package let meaning: String
    }

    /// What a value must be, like `an integer`, as far as the configuration file tells by itself.
    package var phrase: String {
      switch self {
      case .text, .choice, .size: "a text"
      case .integer: "an integer"
      case .boolean: "true or false"
      case .duration: "a time like 500ms, 15s or 2m"
      case .properties: "a mapping of librdkafka properties"
      }
    }

    /// What a value must be, like `1 to 64`.
    package var range: String {
      switch self {
      case .choice(let words) where words.count == 2: words.joined(separator: " or ")
      case .choice(let words): "one of \(words.joined(separator: ", "))"
      case .integer(let range, nil): "\(range.lowerBound) to \(range.upperBound)"
      case .integer(let range, let other?):
        "\(range.lowerBound) to \(range.upperBound), or \(other.value) \(other.meaning)"
      case .size(let bytes): "\(bytes >> 20)MB or more, like 512MB or 2GB"
      case .text, .boolean, .duration, .properties: phrase
      }
    }

    /// Whether it is one of the values.
    package func contains(_ number: Int) -> Bool {
      guard case .integer(let range, let other) = self else { return false }
      return range.contains(number) || number == other?.value
    }
  }

  /// What becomes of a value.
  package enum Destination: Sendable, Equatable {
    /// It is this librdkafka property, or the most of it.
    case property(String)
    /// Sequitur's own.
    case own
  }

  package let kind: Kind
  /// A sentence or two.
  package let text: String
  /// What it is when nobody sets it, as people read it; nil: nothing.
  package let standard: String?
  /// What stands for the value in the help; nil: the flag's name.
  package let valueName: String?
  package let destination: Destination
  /// Whether an empty value means something.
  package let mayBeEmpty: Bool

  init(
    _ kind: Kind, _ text: String, standard: String? = nil, valueName: String? = nil,
    is destination: Destination = .own, mayBeEmpty: Bool = false
  ) {
    self.kind = kind
    self.text = text
    self.standard = standard
    self.valueName = valueName
    self.destination = destination
    self.mayBeEmpty = mayBeEmpty
  }

  /// As `--help` shows it.
  package var help: String { text + (standard.map { " (default: \($0))" } ?? "") }
}
