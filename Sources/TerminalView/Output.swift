import Foundation
import ReadableText

/// What a command prints: its result, on standard output.
///
/// A result that cannot be written is lost, so each of these throws: `ProgramExit` turns that into an exit code.
package enum Output {
  /// Prints lines for people. Characters that act on a terminal are shown instead.
  package static func print(_ text: String) throws(OutputFault) {
    try StandardStream.output.write(ShownText.paragraph(text) + "\n")
  }

  /// Prints a JSON document. Characters that act on a terminal are written as JSON's escapes.
  package static func print(json document: String) throws(OutputFault) {
    try StandardStream.output.write(ShownText.json(document) + "\n")
  }

  /// Prints a document with sorted keys: the same content gives the same text.
  package static func print(document: some Encodable) throws {
    try Self.print(json: text(document, [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]))
  }

  /// Prints a document on one line.
  package static func print(documentLine: some Encodable) throws {
    try Self.print(json: text(documentLine, [.sortedKeys, .withoutEscapingSlashes]))
  }

  /// Writes text of the program's own with the escape sequences that it holds. Foreign text in it was made safe.
  package static func draw(_ text: String) throws(OutputFault) { try StandardStream.output.write(text) }

  private static func text(_ document: some Encodable, _ format: JSONEncoder.OutputFormatting) throws
    -> String
  {
    let encoder = JSONEncoder()
    encoder.outputFormatting = format
    return String(decoding: try encoder.encode(document), as: UTF8.self)
  }
}
