/// The names of a rules file, each in the Unicode form in which it stands first.
///
/// Swift takes strings for equal that differ only in their form, like `é` as one scalar and as two. Commands and
/// states are compared by their bytes. So a name that stands in two forms is two names to one and one to the other,
/// and must be a fault; with a single form for each name both agree.
struct NameForms {
  private struct First {
    let name: String
    let line: Int
  }

  private var first: [RulesName.Use: [String: First]] = [:]

  /// Takes a name into account.
  ///
  /// Returns what is wrong with its form, as a message; nil when it is the form of the first one.
  mutating func fault(_ name: String, as use: RulesName.Use, line: Int) -> String? {
    guard let known = first[use]?[name] else {
      first[use, default: [:]][name] = First(name: name, line: line)
      return nil
    }
    guard !known.name.hasSameBytes(as: name) else { return nil }
    let (expected, found) = Self.difference(known.name, name)
    return
      "Expected `\(RulesText.shown(name))` in the Unicode form that it has on line \(known.line), \(expected), "
      + "but found \(found). Both look alike, and are different names in commands. Write it in one form"
  }

  /// The code points of the first characters that differ.
  private static func difference(_ first: String, _ second: String) -> (String, String) {
    for (character, other) in zip(first, second)
    where !String(character).hasSameBytes(as: String(other)) {
      return (codePoints(character), codePoints(other))
    }
    return ("other code points", "these")
  }

  private static func codePoints(_ character: Character) -> String {
    character.unicodeScalars.prefix(4).map {
      let digits = String($0.value, radix: 16, uppercase: true)
      return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }.joined(separator: " ")
  }
}

extension String {
  /// Whether both are the same bytes in UTF-8, which `==` does not say.
  func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
