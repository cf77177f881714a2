/// What messages repeat of a rules file, kept short whatever the file holds.
package enum RulesText {
  /// The longest text that a message repeats, in Unicode scalars.
  static let shownMax = 100
  /// How many names a message lists.
  static let listedMax = 20

  /// The text, or its beginning.
  package static func shown(_ text: some StringProtocol) -> String {
    // A scalar has a byte at least, so most texts need not be counted.
    guard text.utf8.count > shownMax, text.unicodeScalars.count > shownMax else { return String(text) }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(shownMax))) + "…"
  }

  /// Like `a, b, c`, or the first names and how many there are.
  package static func list(_ names: [String], separator: String = ", ") -> String {
    guard names.count > listedMax else { return names.joined(separator: separator) }
    return names.prefix(listedMax).joined(separator: separator) + "\(separator)… (\(names.count) in all)"
  }
}
