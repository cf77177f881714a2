import Foundation
import Sequitur

/// What a command prints: its result, on standard output.
///
/// A result that cannot be written is lost, so each of these throws: `ProgramExit` turns that into an exit code.
enum Output {
  /// Prints lines for people. Characters that act on a terminal are shown instead.
  static func print(_ text: String) throws(OutputFault) {
    try StandardStream.output.write(ShownText.paragraph(text) + "\n")
  }

  /// Prints a JSON document. Characters that act on a terminal are written as JSON's escapes.
  static func print(json document: String) throws(OutputFault) {
    try StandardStream.output.write(ShownText.json(document) + "\n")
  }

  /// Prints a document with sorted keys: the same content gives the same text.
  static func print(document: some Encodable) throws {
    try Self.print(json: text(document, [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]))
  }

  /// Prints a document on one line.
  static func print(documentLine: some Encodable) throws {
    try Self.print(json: text(documentLine, [.sortedKeys, .withoutEscapingSlashes]))
  }

  /// Writes text of the program's own with the escape sequences that it holds. Foreign text in it was made safe.
  static func draw(_ text: String) throws(OutputFault) { try StandardStream.output.write(text) }

  private static func text(_ document: some Encodable, _ format: JSONEncoder.OutputFormatting) throws
    -> String
  {
    let encoder = JSONEncoder()
    encoder.outputFormatting = format
    return String(decoding: try encoder.encode(document), as: UTF8.self)
  }
}
